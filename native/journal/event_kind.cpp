#include "journal/event_kind.h"

namespace flux_ensemble::journal {

namespace {

EventKind IfEqual(std::string_view name, EventKind kind) {
  return name == NameOf(kind) ? kind : EventKind::kOther;
}

// Chooses between two event names of equal length.
EventKind OneOf(std::string_view name, EventKind a, EventKind b) {
  return name == NameOf(a) ? a : IfEqual(name, b);
}

EventKind OneOf(std::string_view name, EventKind a, EventKind b, EventKind c) {
  return name == NameOf(a) ? a : OneOf(name, b, c);
}

}  // namespace

// Nearly every length belongs to one or two names, so the length and one comparison decide.
EventKind KindOf(std::string_view name) {
  using enum EventKind;
  if (name.starts_with("debug.") || name == "debug") return kDebug;
  switch (name.size()) {
    case 4:
      return OneOf(name, kFree, kMemo);
    case 5:
      return OneOf(name, kAlloc, kStart, kClean);
    case 6:
      return OneOf(name, kSubmit, kFinish, kDepend);
    case 7:
      return OneOf(name, kRelease, kUrgency);
    case 8:
      return OneOf(name, kPriority, kValidate);
    case 9:
      return OneOf(name, kException, kSetFlags);
    case 10:
      return IfEqual(name, kInvalidate);
    case 11:
      return IfEqual(name, kAnnotations);
    case 12:
      return OneOf(name, kPrologStart, kEpilogStart, kFluxRestart);
    case 13:
      return OneOf(name, kPrologFinish, kEpilogFinish);
    case 14:
      return OneOf(name, kDependencyAdd, kJobspecUpdate);
    case 15:
      return IfEqual(name, kResourceUpdate);
    case 17:
      return IfEqual(name, kDependencyRemove);
    default:
      return kOther;
  }
}

}  // namespace flux_ensemble::journal
