// Requests to Flux, and messages for its errors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flux/connection.h"
#include "journal/json_text.h"
#include "runner/source.h"

namespace flux_ensemble::flux {

// The request for the journal.
std::string JournalRequest(const JournalOptions& options);

// The request that submits a job of the instance's owner. `flags` are FLUX_JOB_*.
void WriteSubmitRequest(std::uint32_t userid, std::string_view jobspec, int urgency, int flags,
                        std::string& request);

// The jobspec of one job of an order.
void WriteJobspec(const runner::SubmitOrder& order, std::uint64_t index, std::string& text);

using journal::Quote;

// "EPERM" and the like; "E42" for an errno without a name.
std::string ErrorName(int errnum);

// A later request may succeed.
bool IsTransient(int errnum);
// The connection is gone.
bool IsLost(int errnum);
// The job is inactive, so the request has no effect.
bool IsInactive(int errnum);

// A guest may not set a higher urgency.
inline constexpr int kMaxGuestUrgency = 16;

// Error messages with a remedy.
std::string CannotConnect(std::string_view uri, std::string_view reason);
std::string JournalRefused(int errnum, std::string_view reason);
std::string ListRefused(int errnum, std::string_view reason);
std::string LostConnection(int errnum);
// A guest's submission was refused with EPERM.
std::string SubmissionRefused(std::string_view reason);

}  // namespace flux_ensemble::flux
