// The events of a job's eventlog (RFC 21), as small numbers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace flux_ensemble::journal {

// The names that RFC 21 lists, in the order of a job's life. Then `annotations`, which the journal
// sends without a place in the RFC. `debug` is every name that begins with "debug.", and `other` is
// any other name, because the list is open. Run logs store these numbers, so new kinds need a new
// version of their format.
enum class EventKind : std::uint8_t {
  kSubmit,
  kValidate,
  kInvalidate,
  kSetFlags,
  kJobspecUpdate,
  kResourceUpdate,
  kDependencyAdd,
  kDependencyRemove,
  kDepend,
  kPriority,
  kUrgency,
  kAlloc,
  kPrologStart,
  kPrologFinish,
  kStart,
  kFinish,
  kEpilogStart,
  kEpilogFinish,
  kRelease,
  kFree,
  kClean,
  kException,
  kMemo,
  kFluxRestart,
  kAnnotations,
  kDebug,
  kOther,
};

inline constexpr std::array<std::string_view, 27> kEventNames = {
    "submit",         "validate",        "invalidate",     "set-flags",
    "jobspec-update", "resource-update", "dependency-add", "dependency-remove",
    "depend",         "priority",        "urgency",        "alloc",
    "prolog-start",   "prolog-finish",   "start",          "finish",
    "epilog-start",   "epilog-finish",   "release",        "free",
    "clean",          "exception",       "memo",           "flux-restart",
    "annotations",    "debug",           "other",
};

inline constexpr std::size_t kEventKindCount = kEventNames.size();
static_assert(static_cast<std::size_t>(EventKind::kOther) + 1 == kEventKindCount);

constexpr std::string_view NameOf(EventKind kind) {
  return kEventNames[static_cast<std::size_t>(kind)];
}

// The kind of an event name. Unlisted names are kOther.
EventKind KindOf(std::string_view name);

}  // namespace flux_ensemble::journal
