#include "journal/event_kind.h"

#include <doctest/doctest.h>

#include <string>

#include "engine/touch.h"

namespace flux_ensemble::journal {

TEST_CASE("every name of an event finds its kind again") {
  for (std::size_t i = 0; i < kEventKindCount; ++i) {
    CAPTURE(kEventNames[i]);
    CHECK(static_cast<std::size_t>(KindOf(kEventNames[i])) == i);
    CHECK(NameOf(static_cast<EventKind>(i)) == kEventNames[i]);
  }
}

TEST_CASE("names that nearly are an event's are other events") {
  for (const std::string_view known : kEventNames) {
    if (known == "other" || known == "debug") continue;
    for (std::size_t i = 0; i < known.size(); ++i) {
      std::string changed(known);
      changed[i] = changed[i] == 'x' ? 'y' : 'x';
      CAPTURE(changed);
      CHECK(KindOf(changed) == EventKind::kOther);
    }
    CHECK(KindOf(std::string(known) + "s") == EventKind::kOther);
    CHECK(KindOf(known.substr(1)) == EventKind::kOther);
  }
  for (const char* name : {"", "a", "Submit", "sub mit", "dependency-removed", "a-name-of-16-chr",
                           "a-name-that-is-longer-than-any-of-the-list"}) {
    CAPTURE(name);
    CHECK(KindOf(name) == EventKind::kOther);
  }
}

TEST_CASE("debug events are one kind") {
  CHECK(KindOf("debug.alloc-request") == EventKind::kDebug);
  CHECK(KindOf("debug.") == EventKind::kDebug);
  CHECK(KindOf("debug") == EventKind::kDebug);
  CHECK(KindOf("debugger") == EventKind::kOther);
  CHECK(KindOf("debu.x") == EventKind::kOther);
}

TEST_CASE("triggers are events and derived ones") {
  using engine::Touch;
  using engine::TouchOfTrigger;
  CHECK(TouchOfTrigger("submit") == engine::TouchOf(EventKind::kSubmit));
  CHECK(TouchOfTrigger("annotations") == engine::TouchOf(EventKind::kAnnotations));
  CHECK(TouchOfTrigger("sched") == Touch::kSchedState);
  CHECK(TouchOfTrigger("run") == Touch::kRunState);
  CHECK(TouchOfTrigger("cleanup") == Touch::kCleanupState);
  CHECK(TouchOfTrigger("inactive") == Touch::kInactiveState);
  CHECK(TouchOfTrigger("success") == Touch::kSuccess);
  CHECK(TouchOfTrigger("fail") == Touch::kFail);
  CHECK(TouchOfTrigger("cancel") == Touch::kCancel);
  CHECK(TouchOfTrigger("timeout") == Touch::kTimeout);
  CHECK_FALSE(TouchOfTrigger("other"));
  CHECK_FALSE(TouchOfTrigger("finished"));
  CHECK_FALSE(TouchOfTrigger(""));
}

}  // namespace flux_ensemble::journal
