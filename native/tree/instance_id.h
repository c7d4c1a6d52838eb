// Ids of jobs in a tree of Flux instances. An id of Flux has 40 bits of milliseconds, 14 bits for
// the rank of the broker that made it, and 10 bits of sequence. The sub-instances make their ids on
// rank 0, so ids of two sub-instances may be equal. In the tree, the bits of the rank hold the
// sub-instance. A broker of the parent has no rank that high.
#pragma once

#include <cstdint>

#include "journal/record.h"

namespace flux_ensemble::tree {

// Counted from 1 in the order in which a run starts its sub-instances; 0 for the parent. After
// kMaxInstance the numbers begin again at 1.
using InstanceNumber = std::uint32_t;

inline constexpr InstanceNumber kParent = 0;
inline constexpr InstanceNumber kMaxInstance = 8192;

inline constexpr unsigned kGeneratorShift = 10;
inline constexpr std::uint64_t kGeneratorMask = 0x3fff;
// The generator of the sub-instance 1 is the highest, and the others count down from there.
inline constexpr std::uint64_t kGenerators = kGeneratorMask + 1;

inline constexpr std::uint64_t GeneratorOf(journal::JobId id) {
  return id >> kGeneratorShift & kGeneratorMask;
}

// The sub-instance of a job of the tree.
inline constexpr InstanceNumber InstanceOf(journal::JobId id) {
  const std::uint64_t from_top = kGenerators - GeneratorOf(id);
  return from_top <= kMaxInstance ? static_cast<InstanceNumber>(from_top) : kParent;
}

// The id in the tree of a job with this id in a sub-instance. Its generator must be 0.
inline constexpr journal::JobId InTree(journal::JobId own, InstanceNumber instance) {
  return instance == kParent ? own : own | (kGenerators - instance) << kGeneratorShift;
}

// The id that a job of the tree has in its own instance.
inline constexpr journal::JobId InInstance(journal::JobId id) {
  return InstanceOf(id) == kParent ? id : id & ~(kGeneratorMask << kGeneratorShift);
}

inline constexpr InstanceNumber NextInstance(InstanceNumber last) {
  return last % kMaxInstance + 1;
}

}  // namespace flux_ensemble::tree
