#include "journal/event_kind.h"

#include <doctest/doctest.h>

#include <string>

#include "engine/change.h"

namespace flux_ensemble::journal {

TEST_CASE("every event name has its kind") {
  for (std::size_t i = 0; i < kEventKindCount; ++i) {
    CAPTURE(kEventNames[i]);
    CHECK(static_cast<std::size_t>(KindOf(kEventNames[i])) == i);
    CHECK(NameOf(static_cast<EventKind>(i)) == kEventNames[i]);
  }
}

TEST_CASE("names that differ slightly are other events") {
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

TEST_CASE("all debug events have one kind") {
  CHECK(KindOf("debug.alloc-request") == EventKind::kDebug);
  CHECK(KindOf("debug.") == EventKind::kDebug);
  CHECK(KindOf("debug") == EventKind::kDebug);
  CHECK(KindOf("debugger") == EventKind::kOther);
  CHECK(KindOf("debu.x") == EventKind::kOther);
}

TEST_CASE("triggers are events and derived triggers") {
  using engine::Change;
  using engine::ChangeOfTrigger;
  CHECK(ChangeOfTrigger("submit") == engine::ChangeOf(EventKind::kSubmit));
  CHECK(ChangeOfTrigger("annotations") == engine::ChangeOf(EventKind::kAnnotations));
  CHECK(ChangeOfTrigger("sched") == Change::kSchedState);
  CHECK(ChangeOfTrigger("run") == Change::kRunState);
  CHECK(ChangeOfTrigger("cleanup") == Change::kCleanupState);
  CHECK(ChangeOfTrigger("inactive") == Change::kInactiveState);
  CHECK(ChangeOfTrigger("success") == Change::kSuccess);
  CHECK(ChangeOfTrigger("fail") == Change::kFail);
  CHECK(ChangeOfTrigger("cancel") == Change::kCancel);
  CHECK(ChangeOfTrigger("timeout") == Change::kTimeout);
  CHECK_FALSE(ChangeOfTrigger("other"));
  CHECK_FALSE(ChangeOfTrigger("finished"));
  CHECK_FALSE(ChangeOfTrigger(""));
}

}  // namespace flux_ensemble::journal
