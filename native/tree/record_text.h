// Texts of journal records.
#pragma once

#include <string>
#include <string_view>

#include "journal/record.h"

namespace flux_ensemble::tree {

// Copies a record with another id. False when its text does not hold the id `from` where Flux
// writes it, as the first member of that name.
bool CopyWithId(std::string_view record, journal::JobId from, journal::JobId to, std::string& copy);

// The record of a job that was lost with its instance. A job that has finished ends with its
// result. The times are seconds since the epoch.
std::string RecordOfLoss(journal::JobId id, bool finished, double time, std::string_view note);

// The record of a job without any event.
std::string EmptyRecord(journal::JobId id);

}  // namespace flux_ensemble::tree
