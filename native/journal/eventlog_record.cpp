#include "journal/eventlog_record.h"

#include <algorithm>

#include "journal/context_members.h"

namespace flux_ensemble::journal {

std::string RecordOfLookup(JobId id, std::string_view answer) {
  std::string record = "{\"id\":" + std::to_string(id) + ",\"events\":[";
  const std::string eventlog = TextOf(MembersOf(answer), "eventlog");
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
