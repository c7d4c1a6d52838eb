#include "tree/record_text.h"

#include <array>
#include <cstdio>

#include "journal/json_walk.h"

namespace flux_ensemble::tree {

bool CopyWithId(std::string_view record, journal::JobId from, journal::JobId to,
                std::string& copy) {
  const std::string_view id = journal::FindValue(record, "id");
  if (id.empty() || id != std::to_string(from)) return false;
  const auto at = static_cast<std::size_t>(id.data() - record.data());
  copy.assign(record.substr(0, at));
  copy.append(std::to_string(to)).append(record.substr(at + id.size()));
  return true;
}

std::string RecordOfLoss(journal::JobId id, bool finished, double time, std::string_view note) {
  std::array<char, 32> seconds{};
  std::snprintf(seconds.data(), seconds.size(), "%.6f", time);
  std::string record = "{\"id\":";
  record.append(std::to_string(id)).append(",\"events\":[");
  if (!finished) {
    record.append("{\"timestamp\":").append(seconds.data());
    record.append(
        ",\"name\":\"exception\",\"context\":{\"type\":\"lost\",\"severity\":0,\"note\":");
    record.append(journal::Quote(note)).append("}},");
  }
  return record.append("{\"timestamp\":").append(seconds.data()).append(",\"name\":\"clean\"}]}");
}

std::string EmptyRecord(journal::JobId id) {
  return std::string("{\"id\":").append(std::to_string(id)).append(",\"events\":[]}");
}

}  // namespace flux_ensemble::tree
