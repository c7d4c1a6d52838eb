// One decoded response of Flux's job-manager journal, with the fields that the engine needs.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "journal/event_kind.h"

namespace flux_ensemble::journal {

// A FLUID (RFC 19) of 64 bits.
using JobId = std::uint64_t;

// The exception types on which Flux's result depends.
enum class ExceptionType : std::uint8_t { kOther, kCancel, kTimeout };

// Views point into the decoder's memory. They are valid until its next record.
struct Event {
  double timestamp = 0;  // seconds since the epoch, > 0
  EventKind kind = EventKind::kOther;
  ExceptionType exception_type = ExceptionType::kOther;
  std::int8_t severity = 0;         // of an exception, 0 (fatal) to 7
  std::int32_t status = 0;          // of a finish: a wait(2) status
  std::string_view exception_name;  // of an exception: its type
  std::string_view name;            // exact, unescaped
  std::string_view context;         // the context's JSON; empty without a context
};

// The parts of attributes.user that identify the job.
struct Membership {
  // attributes.user.group when it is a non-empty string.
  std::optional<std::string_view> group;
  // attributes.user.ensemble; empty when it is not a string. The id of a run is never empty.
  std::optional<std::string_view> ensemble;
  // The JSON of attributes.user.origin and attributes.user.parameters, when they are objects.
  std::optional<std::string_view> origin;
  std::optional<std::string_view> parameters;

  // Jobs of another run do not belong to the run `id`. Jobs of no run belong to every run, and
  // without an id all jobs do.
  bool MayBelongTo(std::string_view id) const { return id.empty() || !ensemble || *ensemble == id; }
};

struct Record {
  JobId id = 0;
  bool sentinel = false;  // id -1: the backlog is over
  std::span<const Event> events;
  // From the record's jobspec, when it has one.
  std::optional<Membership> membership;
  // The JSON of R (RFC 20), when it is an object.
  std::string_view resources;
};

// An invalid record. The rest of its line is skipped; later lines are decoded.
struct DecodeError {
  std::uint64_t offset = 0;  // bytes from the stream's beginning to the place of the error
  std::uint64_t line = 0;    // line of the stream, counted from 1
  std::string reason;

  bool operator==(const DecodeError&) const = default;
};

}  // namespace flux_ensemble::journal
