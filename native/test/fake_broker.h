// A broker for tests with the interface of flux_source.h, and a listener that records all
// messages.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "flux/flux_session.h"
#include "flux/flux_source.h"
#include "runner/source.h"

struct FluxSource {};

namespace flux_ensemble::test {

inline constexpr std::uint32_t kUserid = 1234;

struct Sent {
  std::uint64_t request = 0;
  std::string topic;  // empty for a submission
  std::string json;   // of a submission: the jobspec
  int urgency = 0;
  int flags = 0;
  std::uint32_t rank = FLUX_SOURCE_ANY_RANK;
};

inline std::string Base64Decoded(std::string_view text) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  REQUIRE(text.size() % 4 == 0);
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  while (text.ends_with('=')) text.remove_suffix(1);
  for (const char digit : text) {
    REQUIRE(kDigits.find(digit) != std::string_view::npos);
    bits = bits << 6 | static_cast<std::uint32_t>(kDigits.find(digit));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count & 255));
  }
  return bytes;
}

// {"J":"HEADER.JOBSPEC.none","urgency":U,"flags":F}
inline Sent ReadSubmitRequest(std::uint64_t request, const std::string& json) {
  std::smatch parts;
  static const std::regex kForm(
      R"(\{"J":"([^.]*)\.([^.]*)\.none","urgency":(\d+),"flags":(\d+)\})");
  REQUIRE(std::regex_match(json, parts, kForm));
  const std::string header = "version:i1:userid:i" + std::to_string(kUserid) + ":mechanism:snone:";
  std::string decoded = Base64Decoded(parts.str(1));
  std::replace(decoded.begin(), decoded.end(), '\0', ':');
  CHECK(decoded == header);
  return {request, "", Base64Decoded(parts.str(2)), std::stoi(parts.str(3)),
          std::stoi(parts.str(4))};
}

// It stores requests until the test answers. Calls go to the broker that was made last.
class FakeBroker {
 public:
  FakeBroker() : before_(std::exchange(current_, this)) {}
  ~FakeBroker() { current_ = before_; }
  FakeBroker(const FakeBroker&) = delete;
  FakeBroker& operator=(const FakeBroker&) = delete;

  const FluxSourceApi* api() const;

  // Each is delivered by the next pump. Streams have indexes in `journals`; the last one without.
  void Journal(std::string json, std::optional<std::size_t> stream = {}) {
    messages_.push_back([this, stream, json = std::move(json)](const FluxListener* to) {
      to->journal(to->context, NumberOf(stream), json.data(), json.size());
    });
  }
  void Sentinel(std::optional<std::size_t> stream = {}) {
    Journal(R"({"id":-1,"events":[]})", stream);
  }
  void EndJournal(int errnum, std::string text = "", std::optional<std::size_t> stream = {}) {
    messages_.push_back([this, stream, errnum, text = std::move(text)](const FluxListener* to) {
      to->journal_ended(to->context, NumberOf(stream), errnum, text.c_str());
    });
  }
  void Answer(std::uint64_t request, int errnum, std::string text = "") {
    messages_.push_back([request, errnum, text = std::move(text)](const FluxListener* to) {
      to->answered(to->context, request, errnum, text.data(), text.size());
    });
  }
  // Accepts all submissions that are not answered.
  void AcceptAll() {
    for (; answered < submits.size(); ++answered) {
      Answer(submits[answered].request, 0, "{\"id\":" + std::to_string(++last_id_) + "}");
    }
  }

  int open_errno = 0;
  int send_errno = 0;  // of every request that is sent
  int lost_errno = 0;  // of the connection
  bool owner = true;
  std::uint64_t inactive_jobs = 10;
  bool closed = false;
  // Its own reaction to a request, on the requesting thread.
  std::function<void(FakeBroker&)> on_reopen;
  std::function<void(FakeBroker&, std::uint64_t request)> on_call;
  std::vector<std::string> journals;   // requests for streams
  std::vector<std::uint64_t> streams;  // and their numbers
  std::vector<std::uint64_t> closed_streams;
  std::vector<Sent> submits;
  std::vector<Sent> calls;
  std::size_t answered = 0;  // submissions

 private:
  friend struct FakeApi;

  std::uint64_t NumberOf(std::optional<std::size_t> stream) const {
    if (streams.empty()) return 0;
    return stream ? streams.at(*stream) : streams.back();
  }

  inline static FakeBroker* current_ = nullptr;
  FakeBroker* const before_;
  std::deque<std::function<void(const FluxListener*)>> messages_;
  FluxSource source_;
  std::uint64_t last_id_ = 0;
};

struct FakeApi {
  static FakeBroker& broker() { return *FakeBroker::current_; }

  static int Send(std::vector<Sent>& to, Sent sent) {
    if (broker().send_errno != 0) {
      errno = broker().send_errno;
      return -1;
    }
    to.push_back(std::move(sent));
    return 0;
  }

  static FluxSource* Open(const char*, char* error, std::size_t size) {
    if (broker().open_errno == 0) return &broker().source_;
    if (size > 0) *error = '\0';
    errno = broker().open_errno;
    return nullptr;
  }
  static void Instance(const FluxSource*, FluxInstance* instance) {
    *instance = {"0.88.0", 0, 1, kUserid, broker().owner, "instance", broker().inactive_jobs};
  }
  static int Fd(const FluxSource*) { return -1; }
  static int Pump(FluxSource*, const FluxListener* listener, int limit) {
    auto& messages = broker().messages_;
    for (int i = 0; i < limit; ++i) {
      if (messages.empty()) {
        errno = broker().lost_errno;
        return broker().lost_errno == 0 ? FLUX_PUMP_DRAINED : FLUX_PUMP_LOST;
      }
      const auto message = std::move(messages.front());
      messages.pop_front();
      message(listener);
    }
    return FLUX_PUMP_MORE;
  }
  static int OpenJournal(FluxSource*, std::uint64_t stream, const char* request) {
    broker().journals.emplace_back(request);
    broker().streams.push_back(stream);
    if (broker().journals.size() > 1 && broker().on_reopen) broker().on_reopen(broker());
    return 0;
  }
  static int CloseJournal(FluxSource*, std::uint64_t stream) {
    broker().closed_streams.push_back(stream);
    return 0;
  }
  static int Call(FluxSource*, std::uint64_t request, const char* topic, const char* json,
                  std::uint32_t rank) {
    if (std::string_view(topic) == "job-ingest.submit") {
      return Send(broker().submits, ReadSubmitRequest(request, json));
    }
    const int sent = Send(broker().calls, {request, topic, json, 0, 0, rank});
    if (sent == 0 && broker().on_call) broker().on_call(broker(), request);
    return sent;
  }
  static int Submit(FluxSource*, std::uint64_t request, const char* jobspec, int urgency) {
    return Send(broker().submits, {request, "", jobspec, urgency});
  }
  static void Close(FluxSource*) { broker().closed = true; }

  static constexpr FluxSourceApi kApi = {
      Open, Instance, Fd, Pump, OpenJournal, CloseJournal, Call, Submit, Close,
  };
};

inline const FluxSourceApi* FakeBroker::api() const {
  return &FakeApi::kApi;
}

struct ReceivedMessages final : runner::SourceListener {
  void OnJournal(std::string_view record) override { records.emplace_back(record); }
  void OnStream() override { ++streams; }
  void OnOpen(runner::SourceFacts open) override {
    ++opens;
    facts = std::move(open);
  }
  void OnSubmitted(runner::SubmitReport report) override { submitted.push_back(report); }
  void OnControlled(runner::ControlReport report) override { controlled.push_back(report); }
  void OnAsked(std::uint64_t number, std::string_view json) override {
    asked.emplace_back(number, json);
  }
  void OnAskFailed(std::uint64_t number, runner::SourceFailure failure) override {
    asked.emplace_back(number, failure.code);
  }
  void OnFailure(runner::SourceFailure failure) override { failures.push_back(failure); }

  std::vector<std::string> records;
  int streams = 0;
  int opens = 0;
  runner::SourceFacts facts;
  std::vector<runner::SubmitReport> submitted;
  std::vector<runner::ControlReport> controlled;
  std::vector<std::pair<std::uint64_t, std::string>> asked;  // the answer, or the error's code
  std::vector<runner::SourceFailure> failures;
};

inline runner::SubmitOrder Order(std::uint64_t number, std::uint64_t count,
                                 const std::string& head = "{") {
  const auto jobspec = std::make_shared<const engine::Jobspec>(engine::Jobspec{head, "}"});
  return {number, {jobspec, count, 16}, 2, 5, 0, 100};
}

inline flux::FluxSessionOptions Window(std::uint32_t window) {
  flux::FluxSessionOptions options;
  options.window = window;
  return options;
}

// No job is tried before the others of its order.
inline flux::FluxSessionOptions NoTrial(std::uint32_t window = 4096) {
  flux::FluxSessionOptions options = Window(window);
  options.validate_once = false;
  return options;
}

// A session that is open, and past its backlog unless it is a guest's.
struct Open {
  explicit Open(flux::FluxSessionOptions options = {}, bool owner = true)
      : session(flux::ConnectAlone((broker.owner = owner, broker.api())), std::move(options)) {
    session.Open(received);
    if (owner) broker.Sentinel();
    session.Pump(received);
  }

  // Pumps until the time of the session's next deadline has come and been used.
  void PumpAtDeadline() {
    const auto deadline = session.deadline();
    REQUIRE(deadline.has_value());
    std::this_thread::sleep_until(*deadline);
    session.Pump(received);
  }

  FakeBroker broker;
  ReceivedMessages received;
  flux::FluxSession session;
};

}  // namespace flux_ensemble::test
