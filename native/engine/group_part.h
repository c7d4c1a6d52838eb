// The jobs of a group, or only those with a value of a parameter.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "engine/jobspec.h"

namespace flux_ensemble::engine {

class GroupPart {
 public:
  // `value` is that of Subsets::ValueIn(). All jobs of the group for an empty parameter.
  explicit GroupPart(std::uint32_t group, std::string parameter = {}, std::string value = {})
      : group_(group), parameter_(std::move(parameter)), value_(std::move(value)) {}

  std::uint32_t group() const { return group_; }
  bool is_whole() const { return parameter_.empty(); }
  const std::string& parameter() const { return parameter_; }
  const std::string& value() const { return value_; }
  // Whether jobs that are to be submitted belong to it.
  bool Has(const SubmitPortion& portion) const;

 private:
  std::uint32_t group_;
  std::string parameter_;
  std::string value_;
};

}  // namespace flux_ensemble::engine
