#include "journal/eventlog_record.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "journal/context_members.h"

namespace flux_ensemble::journal {

namespace {

std::string EventlogOf(std::string_view answer) {
  for (Member& member : MembersOf(answer)) {
    auto* const text = std::get_if<std::string>(&member.value);
    if (text != nullptr && member.name == "eventlog") return std::move(*text);
  }
  return {};
}

}  // namespace

std::string RecordOfLookup(JobId id, std::string_view answer) {
  std::string record = "{\"id\":" + std::to_string(id) + ",\"events\":[";
  const std::string eventlog = EventlogOf(answer);
  // An eventlog holds JSON objects, one on each line (RFC 18).
  for (std::string_view lines = eventlog; !lines.empty();) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    if (end > 0) {
      if (record.back() == '}') record.push_back(',');
      record.append(lines.substr(0, end));
    }
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return record.append("]}");
}

}  // namespace flux_ensemble::journal
