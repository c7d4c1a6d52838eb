// A piece of a file that moves forward. A file may grow or shrink while it is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace flux_ensemble::log {

class Window {
 public:
  // Bytes that stay readable before the last offset.
  static constexpr std::size_t kKept = 64;
  // The greatest size that From() takes.
  static constexpr std::size_t kMaxSize = std::size_t{2} << 20;

  // The descriptor must stay open, and have no other use for its bytes than this.
  explicit Window(int fd) : fd_(fd), buffer_(std::make_unique_for_overwrite<char[]>(kCapacity)) {}

  // The bytes from `offset` on that are at hand: at least `size` of them, unless the file ends
  // before. An offset is at most kKept bytes below the greatest one, and at most where the view
  // before ended. The view is valid until the next call.
  std::string_view From(std::uint64_t offset, std::size_t size);

  // Once From() has found the end of the file or an error, that is the end for good.
  std::uint64_t end() const { return begin_ + filled_; }
  // The errno of a failed read, or 0.
  int error() const { return error_; }

 private:
  static constexpr std::size_t kBlock = std::size_t{256} << 10;
  static constexpr std::size_t kCapacity = 2 * kMaxSize + kBlock;

  std::size_t Available(std::uint64_t offset) const {
    return static_cast<std::size_t>(end() - offset);
  }
  void DropBefore(std::uint64_t offset);
  void Read();

  int fd_;
  std::unique_ptr<char[]> buffer_;
  std::uint64_t begin_ = 0;
  std::size_t filled_ = 0;
  bool ended_ = false;
  int error_ = 0;
};

}  // namespace flux_ensemble::log
