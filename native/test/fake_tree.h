// A tree of fake instances, which the test controls.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "test/fake_broker.h"
#include "test/fake_source.h"
#include "tree/tree_source.h"

namespace flux_ensemble::test {

inline constexpr const char* kSentinel = R"({"id":-1,"events":[]})";

inline std::string Event(const std::string& name, const std::string& context = "",
                         double time = 1700000000) {
  return "{\"timestamp\":" + std::to_string(time) + ",\"name\":\"" + name + "\"" +
         (context.empty() ? "" : ",\"context\":" + context) + "}";
}

inline std::string Record(std::uint64_t id, const std::string& events,
                          const std::string& user = "") {
  return "{\"id\":" + std::to_string(id) + ",\"events\":[" + events + "]" +
         (user.empty() ? "" : ",\"jobspec\":{\"attributes\":{\"user\":" + user + "}}") + "}";
}

inline std::string Resources(int nodes, int cores) {
  return "{\"R\":{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0-" +
         std::to_string(nodes - 1) + "\",\"children\":{\"core\":\"0-" + std::to_string(cores - 1) +
         "\"}}]}}}";
}

inline tree::TreeOptions TreeOf(std::uint32_t instances) {
  tree::TreeOptions options;
  options.run = "run";
  options.instances = instances;
  options.nodes = 1;
  options.jobspec_head = "\"attributes\":{\"user\":{";
  options.jobspec_tail = "}}}}";
  options.host = "here";
  options.grace = std::chrono::milliseconds(0);
  options.first_delay = std::chrono::milliseconds(0);
  return options;
}

class FakeTree {
 public:
  explicit FakeTree(tree::TreeOptions options, int cores = 128) : cores_(cores) {
    auto parent = std::make_unique<FakeSource>();
    parent_ = parent.get();
    tree_ = std::make_unique<tree::TreeSource>(
        std::move(parent),
        [this](const std::string& uri) {
          auto source = std::make_unique<FakeSource>();
          source->uri = uri;
          sources_[uri] = source.get();
          source->on_close = [this, uri] { sources_.erase(uri); };
          return source;
        },
        std::move(options));
    tree_->Open(received);
  }

  // The parent's backlog is over.
  void Begin() {
    parent().Journal(kSentinel);
    Pump();
  }
  void Pump() {
    while (tree_->Pump(received)) {
    }
  }
  // As the runner does: again when the next deadline has come.
  void PumpAtDeadline() {
    if (const auto deadline = tree_->deadline()) std::this_thread::sleep_until(*deadline);
    Pump();
  }

  // The parent accepts and shows the jobs of sub-instances that were submitted.
  void AcceptInstances() {
    for (; accepted_ < parent().orders.size(); ++accepted_) {
      const runner::SubmitOrder& order = parent().orders[accepted_];
      if ((order.number >> 62 & 1) == 0) continue;
      const auto number = static_cast<std::uint32_t>(order.firing);
      parent().Accept(order);
      parent().Journal(Record(JobOf(number), Event("submit"), Mark(number)));
    }
    Pump();
  }
  // The sub-instance runs, and has no jobs.
  void Start(std::uint32_t number) {
    parent().Journal(Record(JobOf(number), Event("start")));
    Memo(number);
    Pump();
    FakeSource& source = *At(number);
    source.Stream();
    source.Journal(kSentinel);
    Pump();
    source.AnswerAll("{\"state\":6," + Resources(1, cores_).substr(1));
    Pump();
  }
  void StartAll() {
    AcceptInstances();
    for (const runner::SubmitOrder& order : parent().orders) {
      if ((order.number >> 62 & 1) == 0) continue;
      const auto number = static_cast<std::uint32_t>(order.firing);
      if (!started_[number]) parent().Journal(Record(JobOf(number), Event("start")));
    }
    Pump();
    for (const runner::SubmitOrder& order : std::vector(parent().orders)) {
      if ((order.number >> 62 & 1) == 0) continue;
      const auto number = static_cast<std::uint32_t>(order.firing);
      if (At(number) == nullptr && !started_[number]) Start(number);
      started_[number] = true;
    }
  }
  void Memo(std::uint32_t number) {
    parent().Journal(Record(JobOf(number), Event("memo", "{\"uri\":\"" + UriOf(number) + "\"}")));
  }
  void EndJob(std::uint32_t number, const std::string& events) {
    parent().Journal(Record(JobOf(number), events));
    Pump();
  }

  static std::uint64_t JobOf(std::uint32_t number) { return 5000 + number; }
  static std::string UriOf(std::uint32_t number) {
    return "local:///child-" + std::to_string(number);
  }
  static std::string Mark(std::uint32_t number) {
    return "{\"flux_ensemble_instance\":\"run:" + std::to_string(number) + "\"}";
  }
  FakeSource& parent() { return *parent_; }
  // Null before it is connected and after its end.
  FakeSource* At(std::uint32_t number) {
    const auto found = sources_.find(UriOf(number));
    return found == sources_.end() ? nullptr : found->second;
  }
  tree::TreeSource& tree() { return *tree_; }

  // Jobs that were handed to a sub-instance.
  std::uint64_t Given(std::uint32_t number) {
    std::uint64_t count = 0;
    for (const runner::SubmitOrder& order : At(number)->orders) count += order.portion.count;
    return count;
  }
  // The sub-instance accepts and shows all its jobs. Returns their own ids.
  std::vector<std::uint64_t> Show(std::uint32_t number) {
    std::vector<std::uint64_t> ids = At(number)->ShowAll("run");
    Pump();
    return ids;
  }
  void End(std::uint32_t number, const std::vector<std::uint64_t>& ids) {
    for (const std::uint64_t id : ids) {
      At(number)->Journal(Record(
          id, Event("start") + "," + Event("finish", "{\"status\":0}") + "," + Event("clean")));
    }
    Pump();
  }
  // Records that went up and hold the text.
  std::vector<std::string> Records(const std::string& text) const {
    std::vector<std::string> found;
    for (const std::string& record : received.records) {
      if (record.find(text) != std::string::npos) found.push_back(record);
    }
    return found;
  }

  // Jobs of the parent for which a cancel was requested.
  std::set<journal::JobId> Canceled() const {
    std::set<journal::JobId> ids;
    for (const FakeSource::Control& cancel : parent_->cancels) {
      ids.insert(cancel.ids.begin(), cancel.ids.end());
    }
    return ids;
  }

  ReceivedMessages received;

 private:
  const int cores_;
  FakeSource* parent_ = nullptr;
  std::map<std::string, FakeSource*> sources_;
  std::map<std::uint32_t, bool> started_;
  std::size_t accepted_ = 0;
  std::unique_ptr<tree::TreeSource> tree_;
};

}  // namespace flux_ensemble::test
