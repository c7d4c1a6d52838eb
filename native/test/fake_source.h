// A source that the test controls: it stores requests until the test answers.
#pragma once

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "journal/padding.h"
#include "runner/source.h"

namespace flux_ensemble::test {

class FakeSource final : public runner::Source {
 public:
  struct Question {
    std::uint64_t number = 0;
    std::string topic;
    std::string json;
  };
  struct Control {
    std::uint64_t number = 0;
    std::vector<journal::JobId> ids;
    std::string note;  // of a cancel
  };

  ~FakeSource() override {
    if (on_close) on_close();
  }

  // Each is delivered by the next Pump().
  void Journal(std::string text) {
    messages_.push_back([text = std::move(text)](runner::SourceListener& to) {
      const std::string padded = text + std::string(journal::kPadding, '\0');
      to.OnJournal(std::string_view(padded).substr(0, text.size()));
    });
  }
  void Stream() {
    messages_.push_back([](runner::SourceListener& to) { to.OnStream(); });
  }
  void Fail(const std::string& message) {
    messages_.push_back([this, message](runner::SourceListener& to) {
      Drop(to);
      to.OnFailure({"ECONNRESET", message});
    });
  }
  void Report(runner::SubmitReport report) {
    reported_.insert(report.number);
    messages_.push_back([this, report](runner::SourceListener& to) {
      const std::uint64_t answered = report.accepted + report.refused + report.dropped;
      submitting_ -= answered;
      accepted_ += report.accepted;
      to.OnSubmitted(report);
    });
  }
  void Accept(const runner::SubmitOrder& order) {
    Report({order.number, order.portion.count, 0, 0, "", false});
  }
  void AnswerAll(const std::string& json) {
    for (const Question& question : std::exchange(questions, {})) {
      messages_.push_back([number = question.number, json](runner::SourceListener& to) {
        to.OnAsked(number, json);
      });
    }
  }
  // Accepts and shows the jobs that were not shown. Returns their ids.
  std::vector<std::uint64_t> ShowAll(const std::string& run, bool answer = true) {
    std::vector<std::uint64_t> ids;
    for (; shown_ < orders.size(); ++shown_) {
      const runner::SubmitOrder& order = orders[shown_];
      if (answer && !reported_.contains(order.number)) Accept(order);
      for (std::uint64_t i = 0; i < order.portion.count; ++i) {
        ids.push_back(++last_id_);
        Journal("{\"id\":" + std::to_string(last_id_) +
                ",\"events\":[{\"timestamp\":1700000000,\"name\":\"submit\"}],\"jobspec\":{"
                "\"attributes\":{\"user\":{\"group\":\"g\",\"ensemble\":\"" +
                run + "\",\"origin\":{\"rule\":" + std::to_string(order.rule) +
                ",\"firing\":" + std::to_string(order.firing) +
                ",\"index\":" + std::to_string(order.first_index + i) + "}}}}}");
      }
    }
    return ids;
  }

  void Open(runner::SourceListener& listener) override {
    if (!open_failure.empty()) return listener.OnFailure({"ECONNREFUSED", open_failure});
    listener.OnOpen({});
  }
  int fd() const override { return -1; }
  std::optional<Clock::time_point> deadline() const override { return std::nullopt; }
  bool Pump(runner::SourceListener& listener) override {
    for (int i = 0; i < 16 && !messages_.empty(); ++i) {
      const auto message = std::move(messages_.front());
      messages_.pop_front();
      message(listener);
    }
    return !messages_.empty();
  }
  void Submit(runner::SubmitOrder order, runner::SourceListener&) override {
    submitting_ += order.portion.count;
    orders.push_back(std::move(order));
  }
  void Cancel(std::uint64_t number, std::vector<journal::JobId> ids, std::string note,
              runner::SourceListener& listener) override {
    const std::uint64_t done = ids.size();
    cancels.push_back({number, std::move(ids), std::move(note)});
    listener.OnControlled({number, done, 0, ""});
  }
  void SetUrgency(std::uint64_t number, std::vector<journal::JobId> ids, int,
                  runner::SourceListener& listener) override {
    const std::uint64_t failed = ids.size();
    urgencies.push_back({number, std::move(ids), ""});
    listener.OnControlled({number, 0, failed, "it does not run"});
  }
  void Ask(std::uint64_t number, runner::Question question, runner::SourceListener&) override {
    questions.push_back({number, question.topic, question.json});
  }
  void ShowActiveOnly() override {}
  void StopSubmitting(runner::SourceListener& listener) override { Drop(listener); }
  void LookupEventlog(journal::JobId id) override { lookups.push_back(id); }
  void Close(runner::SourceListener& listener) override { Drop(listener); }
  bool interrupted() const override { return false; }
  std::uint64_t submitting() const override { return submitting_; }
  std::uint64_t accepted() const override { return accepted_; }

  std::string uri;
  std::string open_failure;
  std::function<void()> on_close;
  std::vector<runner::SubmitOrder> orders;
  std::vector<Control> cancels;
  std::vector<Control> urgencies;
  std::vector<Question> questions;
  std::vector<journal::JobId> lookups;

 private:
  // Reports the orders that were not reported as dropped.
  void Drop(runner::SourceListener& to) {
    for (const runner::SubmitOrder& order : orders) {
      if (!reported_.insert(order.number).second) continue;
      submitting_ -= order.portion.count;
      to.OnSubmitted({order.number, 0, 0, order.portion.count, "", false});
    }
  }

  std::deque<std::function<void(runner::SourceListener&)>> messages_;
  std::uint64_t submitting_ = 0;
  std::uint64_t accepted_ = 0;
  std::set<std::uint64_t> reported_;  // numbers of orders
  std::uint64_t last_id_ = 0;
  std::size_t shown_ = 0;
};

}  // namespace flux_ensemble::test
