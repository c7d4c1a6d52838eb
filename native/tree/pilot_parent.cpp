#include "tree/pilot_parent.h"

#include <algorithm>
#include <string_view>

#include "journal/context_members.h"
#include "journal/json_text.h"
#include "journal/padding.h"
#include "tree/record_text.h"

namespace flux_ensemble::tree {

using runner::SourceListener;

namespace {

void PassRecord(std::string_view record, SourceListener& to) {
  std::string padded(record);
  padded.append(journal::kPadding, '\0');
  to.OnJournal(std::string_view(padded).substr(0, record.size()));
}

}  // namespace

void PilotParent::Later(std::function<void(SourceListener&)> message) {
  messages_.push_back(std::move(message));
}

void PilotParent::Open(SourceListener& listener) {
  runner::SourceFacts facts;
  facts.instance = "pilots";
  listener.OnOpen(std::move(facts));
  Later([](SourceListener& to) { to.OnStream(); });
}

std::optional<PilotParent::Clock::time_point> PilotParent::deadline() const {
  if (messages_.empty()) return std::nullopt;
  return Clock::now();
}

bool PilotParent::Pump(SourceListener& listener) {
  constexpr int kMaxMessages = 16;
  for (int i = 0; i < kMaxMessages && !messages_.empty(); ++i) {
    const auto message = std::move(messages_.front());
    messages_.pop_front();
    message(listener);
  }
  return !messages_.empty();
}

void PilotParent::Submit(runner::SubmitOrder order, SourceListener&) {
  starting_[order.firing] = order.number;
  to_start_.push_back(order.firing);
  AnswerNext();
}

void PilotParent::Cancel(std::uint64_t number, std::vector<journal::JobId> ids, std::string note,
                         SourceListener&) {
  for (const journal::JobId id : ids) to_cancel_.emplace_back(id, note);
  AnswerNext();
  Later([number, count = ids.size()](SourceListener& to) {
    to.OnControlled({number, count, 0, {}});
  });
}

void PilotParent::SetUrgency(std::uint64_t number, std::vector<journal::JobId> ids, int,
                             SourceListener&) {
  Later([number, count = ids.size()](SourceListener& to) {
    to.OnControlled({number, 0, count, "a pilot has no urgency"});
  });
}

void PilotParent::Ask(std::uint64_t number, runner::Question question, SourceListener&) {
  if (question.topic == "pilots.next") {
    // There is one that asks: an earlier question of it was given up.
    if (next_) {
      Later([before = *next_](SourceListener& to) { to.OnAsked(before, "{}"); });
    }
    next_ = number;
    AnswerNext();
  } else if (question.topic == "pilots.records") {
    TakeRecords(number, std::move(question.json));
  } else if (question.topic == "pilots.started" || question.topic == "pilots.refused") {
    OnStart(number, question.json, question.topic == "pilots.started");
  } else {
    Later([number, topic = std::move(question.topic)](SourceListener& to) {
      to.OnAskFailed(number, {"ENOSYS", "pilots have no parent instance with a service " + topic});
    });
  }
}

// The fate of a start is known.
void PilotParent::OnStart(std::uint64_t number, const std::string& json, bool accepted) {
  const std::vector<journal::Member> members = journal::MembersOf(json);
  const std::optional<std::uint64_t> pilot = journal::IntegerOf(members, "pilot");
  const auto starting = pilot ? starting_.find(*pilot) : starting_.end();
  if (starting != starting_.end()) {
    runner::SubmitReport report;
    report.number = starting->second;
    report.reason = journal::TextOf(members, "reason");
    (accepted ? report.accepted : report.refused) = 1;
    accepted_ += report.accepted;
    starting_.erase(starting);
    Later([report = std::move(report)](SourceListener& to) { to.OnSubmitted(report); });
  }
  Later([number](SourceListener& to) { to.OnAsked(number, "{}"); });
}

void PilotParent::TakeRecords(std::uint64_t number, std::string records) {
  Later([number, records = std::move(records)](SourceListener& to) {
    for (std::string_view rest = records; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      if (!line.empty()) PassRecord(line, to);
    }
    to.OnAsked(number, "{}");
  });
}

// Says what is to be done, when someone asks.
void PilotParent::AnswerNext() {
  if (!next_ || (to_start_.empty() && to_cancel_.empty())) return;
  std::string json = "{\"start\":[";
  for (const std::uint64_t pilot : to_start_) {
    if (json.back() != '[') json.push_back(',');
    json.append(std::to_string(pilot));
  }
  json.append("],\"cancel\":[");
  for (const auto& [job, note] : to_cancel_) {
    if (json.back() != '[') json.push_back(',');
    json.append("{\"job\":\"").append(std::to_string(job));
    json.append("\",\"note\":").append(journal::Quote(note)).append("}");
  }
  json.append("]}");
  to_start_.clear();
  to_cancel_.clear();
  Later(
      [number = *next_, json = std::move(json)](SourceListener& to) { to.OnAsked(number, json); });
  next_.reset();
}

// The job of a pilot may be under way, so its start is still reported.
void PilotParent::StopSubmitting(SourceListener&) {}

void PilotParent::LookupEventlog(journal::JobId id) {
  Later([id](SourceListener& to) { PassRecord(EmptyRecord(id), to); });
}

void PilotParent::Close(SourceListener& listener) {
  while (Pump(listener)) {
  }
  for (const auto& [pilot, number] : std::exchange(starting_, {})) {
    listener.OnSubmitted({number, 0, 0, 1, {}, false});
  }
  if (next_) listener.OnAskFailed(*next_, {"ECANCELED", "the pilots have ended"});
  next_.reset();
}

}  // namespace flux_ensemble::tree
