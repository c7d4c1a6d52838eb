// One response of Flux's job-manager journal, decoded: what the engine needs of it and nothing
// else.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "journal/event_kind.h"

namespace flux_ensemble::journal {

// A FLUID (RFC 19): 64 bits, all of which count.
using JobId = std::uint64_t;

// What Flux's result depends on in an exception's type.
enum class ExceptionType : std::uint8_t { kOther, kCancel, kTimeout };

// Views point into the decoder's memory and hold until its next record.
struct Event {
  double timestamp = 0;  // seconds since the epoch, > 0
  EventKind kind = EventKind::kOther;
  ExceptionType exception_type = ExceptionType::kOther;
  std::int8_t severity = 0;         // of an exception, 0 (fatal) to 7
  std::int32_t status = 0;          // of a finish: a wait(2) status
  std::string_view exception_name;  // of an exception: its type in words
  std::string_view name;            // exact, unescaped
  std::string_view context;         // the context's JSON as it came, empty when there is none
};

// The parts of attributes.user that say whose job it is, and which one.
struct Membership {
  // attributes.user.group when it is a non-empty string.
  std::optional<std::string_view> group;
  // attributes.user.ensemble when there is one; empty when it is no string, which no run's id is.
  std::optional<std::string_view> ensemble;
  // attributes.user.origin and attributes.user.parameters as they came, when they are objects.
  std::optional<std::string_view> origin;
  std::optional<std::string_view> parameters;
};

struct Record {
  JobId id = 0;
  bool sentinel = false;  // id -1: the backlog is over
  std::span<const Event> events;
  // Of the record's jobspec, when it has one.
  std::optional<Membership> membership;
};

// Why bytes were no record. The rest of the line is lost with it, later lines are not.
struct DecodeError {
  std::uint64_t offset = 0;  // bytes from the stream's beginning to the place of the error
  std::uint64_t line = 0;    // line of the stream, counted from 1
  std::string reason;

  bool operator==(const DecodeError&) const = default;
};

}  // namespace flux_ensemble::journal
