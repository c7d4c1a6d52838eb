#include "engine/group_part.h"

#include <optional>
#include <string_view>

#include "engine/job_details.h"
#include "engine/subsets.h"
#include "journal/json_text.h"

namespace flux_ensemble::engine {

namespace {

// attributes.user.parameters of a jobspec, which come after other attributes. Empty without any. A
// text in JSON has no quote that is not escaped, so it does not look like the key.
std::string_view ParametersIn(const Jobspec& jobspec) {
  constexpr std::string_view kKey = "\"parameters\":";
  const std::string_view head = jobspec.head;
  const std::size_t at = head.rfind(kKey);
  return at == std::string_view::npos ? std::string_view()
                                      : journal::FirstObject(head.substr(at + kKey.size()));
}

}  // namespace

bool GroupPart::Has(const SubmitPortion& portion) const {
  if (portion.group != group_) return false;
  if (is_whole()) return true;
  const std::optional<std::string> value =
      Subsets::ValueIn(*ParametersOf(ParametersIn(*portion.jobspec)), parameter_);
  return value && *value == value_;
}

}  // namespace flux_ensemble::engine
