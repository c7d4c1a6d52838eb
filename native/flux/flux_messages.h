// What is said to Flux, and what its errors mean to people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flux_ensemble::flux {

// The journal's request. `allow` empty asks for all events.
std::string JournalRequest(const std::vector<std::string>& allow, bool full);

// The request that submits a job of the instance's owner. `flags` are FLUX_JOB_*.
void WriteSubmitRequest(std::uint32_t userid, std::string_view jobspec, int urgency, int flags,
                        std::string& request);

// A JSON string.
std::string Quote(std::string_view text);

// "EPERM" and the like; "E42" for an errno without a name.
std::string ErrorName(int errnum);

// The job manager or job ingest may answer otherwise in a moment.
bool IsTransient(int errnum);
// The connection is gone.
bool IsLost(int errnum);
// The job is not active (any more), so there is nothing to be done to it.
bool IsInactive(int errnum);

// Messages with what to do.
std::string CannotConnect(std::string_view uri, std::string_view reason);
std::string JournalRefused(int errnum, std::string_view reason);
std::string LostConnection(int errnum);

}  // namespace flux_ensemble::flux
