// Records and errors that outlive the decoder's views.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "journal/decoder.h"

namespace flux_ensemble::test {

struct OwnedEvent {
  double timestamp = 0;
  journal::EventKind kind = journal::EventKind::kOther;
  journal::ExceptionType exception_type = journal::ExceptionType::kOther;
  int severity = 0;
  int status = 0;
  std::string exception_name;
  std::string name;
  std::string context;

  bool operator==(const OwnedEvent&) const = default;
};

struct OwnedRecord {
  journal::JobId id = 0;
  bool sentinel = false;
  std::vector<OwnedEvent> events;
  std::string resources;
  bool has_membership = false;
  std::optional<std::string> group;
  std::optional<std::string> ensemble;
  std::optional<std::string> origin;
  std::optional<std::string> parameters;

  bool operator==(const OwnedRecord&) const = default;
};

// Copies all records and errors of a decoder.
class Recorder final : public journal::RecordSink {
 public:
  void OnRecords(std::span<const journal::Record> all) override {
    for (const journal::Record& record : all) OnRecord(record);
  }
  void OnRecord(const journal::Record& record) {
    OwnedRecord owned;
    owned.id = record.id;
    owned.sentinel = record.sentinel;
    for (const journal::Event& event : record.events) {
      owned.events.push_back({event.timestamp, event.kind, event.exception_type, event.severity,
                              event.status, std::string(event.exception_name),
                              std::string(event.name), std::string(event.context)});
    }
    owned.resources = record.resources;
    if (record.membership) {
      owned.has_membership = true;
      if (record.membership->group) owned.group.emplace(*record.membership->group);
      if (record.membership->ensemble) owned.ensemble.emplace(*record.membership->ensemble);
      if (record.membership->origin) owned.origin.emplace(*record.membership->origin);
      if (record.membership->parameters) owned.parameters.emplace(*record.membership->parameters);
    }
    records.push_back(std::move(owned));
  }
  void OnDecodeError(const journal::DecodeError& error) override { errors.push_back(error); }

  std::vector<OwnedRecord> records;
  std::vector<journal::DecodeError> errors;

  bool operator==(const Recorder& other) const {
    return records == other.records && errors == other.errors;
  }
};

}  // namespace flux_ensemble::test
