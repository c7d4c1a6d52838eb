// A job's whole eventlog as one record of the journal.
#pragma once

#include <string>
#include <string_view>

#include "journal/record.h"

namespace flux_ensemble::journal {

// Converts the answer {"id":I,"eventlog":"..."} of Flux's job-info.lookup. Without an eventlog in
// the answer, the record has no events.
std::string RecordOfLookup(JobId id, std::string_view answer);

}  // namespace flux_ensemble::journal
