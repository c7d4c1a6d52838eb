#include "test/log_replay.h"

namespace flux_ensemble::test {

using log::EntryKind;

void LogReplay::OnPlain(EntryKind kind) {
  switch (kind) {
    case EntryKind::kSettle:
      return engine_.Settle();
    case EntryKind::kFinishStream:
      return engine_.FinishStream();
    case EntryKind::kEnd:
      return engine_.End();
    case EntryKind::kRenewCron:
      return engine_.RenewCron();
    case EntryKind::kLookForCancels:
      return engine_.LookForCancels();
    default:
      return;
  }
}

void LogReplay::OnNumber(EntryKind kind, std::uint64_t number) {
  if (kind == EntryKind::kGoTo) engine_.GoTo(static_cast<std::uint32_t>(number));
  if (kind == EntryKind::kResumeStream) engine_.ResumeStream(number);
  if (kind == EntryKind::kDecodeErrors) engine_.CountDecodeErrors(number);
}

void LogReplay::OnTime(EntryKind kind, double seconds) {
  if (kind == EntryKind::kTime) engine_.PassTo(seconds);
  if (kind == EntryKind::kHeartbeat) engine_.Heartbeat(seconds);
  if (kind == EntryKind::kStart) engine_.Start(seconds);
  if (kind == EntryKind::kStreamAhead) engine_.SetStreamAhead(seconds);
}

void LogReplay::OnText(EntryKind kind, std::string_view text) {
  if (kind == EntryKind::kAddRule) add_rule_(text);
  if (kind == EntryKind::kExpectCancel) engine_.ExpectCancel(std::string(text));
}

}  // namespace flux_ensemble::test
