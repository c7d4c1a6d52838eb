#include "log/frame_finder.h"

#include "log/crc32c.h"

namespace flux_ensemble::log {

namespace {

static_assert(kMaxFrame <= Window::kMaxSize);
static_assert(kMaxFrame <= kMaxCrcEnd);

// Bounds the memory. When the checksums begin again, at most kMaxFrame bytes are hashed again.
constexpr std::uint64_t kMaxHashed = std::uint64_t{16} << 20;

}  // namespace

FrameFinder::Found FrameFinder::At(std::uint64_t offset) {
  const std::string_view head = window_.From(offset, kFrameHeaderSize);
  if (head.empty()) return {.verdict = Verdict::kEnd};
  if (head.size() < kFrameHeaderSize) {
    const std::string_view marker = head.substr(0, kMarker.size());
    return {.verdict = kMarker.starts_with(marker) ? Verdict::kCut : Verdict::kNoMarker};
  }
  const FrameHeader header(head.data());
  if (!header.marked) return {.verdict = Verdict::kNoMarker};
  if (header.payload_size > kMaxPayload) return {.verdict = Verdict::kTooLong};
  const std::size_t size = kFrameHeaderSize + header.payload_size;
  if (window_.From(offset, size).size() < size) return {.verdict = Verdict::kCut};
  const auto checked = static_cast<std::uint32_t>(size - kCheckedFrom);
  if (!HasChecksum(offset + kCheckedFrom, checked, header.crc)) {
    return {.verdict = Verdict::kChecksum};
  }
  return {.verdict = Verdict::kFrame,
          .type = header.type,
          .payload = window_.From(offset, size).substr(kFrameHeaderSize, header.payload_size)};
}

std::optional<std::uint64_t> FrameFinder::Next(std::uint64_t offset) {
  for (;;) {
    const std::string_view bytes = window_.From(offset, kFrameHeaderSize);
    if (bytes.size() < kFrameHeaderSize) return std::nullopt;
    const std::size_t found = bytes.find(kMarker);
    if (found == std::string_view::npos) {
      // A part of a marker may be at the end.
      offset += bytes.size() - (kMarker.size() - 1);
      continue;
    }
    offset += found;
    if (At(offset).verdict == Verdict::kFrame) return offset;
    ++offset;
  }
}

bool FrameFinder::HasChecksum(std::uint64_t begin, std::uint32_t size, std::uint32_t crc) {
  const std::uint64_t end = begin + size;
  if (checksums_.empty() || begin >= HashedEnd() || begin - hashed_from_ > kMaxHashed) {
    if (Crc32c(window_.From(begin, size).substr(0, size)) == crc) return true;
    checksums_.assign(1, 0);
    hashed_from_ = begin;
    HashTo(end);
    return false;
  }
  HashTo(end);
  return Crc32cOfEnd(ChecksumBefore(end), ChecksumBefore(begin), size) == crc;
}

void FrameFinder::HashTo(std::uint64_t end) {
  while (HashedEnd() + kStep <= end) {
    const std::string_view step = window_.From(HashedEnd(), kStep).substr(0, kStep);
    checksums_.push_back(Crc32c(step, checksums_.back()));
  }
}

std::uint32_t FrameFinder::ChecksumBefore(std::uint64_t offset) {
  const std::uint64_t step = (offset - hashed_from_) / kStep;
  const std::uint64_t from = hashed_from_ + step * kStep;
  const std::size_t size = offset - from;
  return Crc32c(window_.From(from, size).substr(0, size), checksums_[step]);
}

}  // namespace flux_ensemble::log
