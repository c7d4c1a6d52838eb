// Writes the frames of a run log. All methods are called on one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "log/frame.h"
#include "log/syncer.h"

namespace flux_ensemble::log {

struct WriterOptions {
  // A segment has at most this size in bytes, unless its only frame is larger. A process limit on
  // the size of files takes precedence (RLIMIT_FSIZE).
  std::uint64_t segment_size = std::uint64_t{16} << 20;
  // Written frames are on the disk this long after, unless the disk is slow.
  std::chrono::milliseconds sync_interval{1000};
  // Committed frames survive the end of the host, not only that of this process.
  bool survives_host = false;
};

struct WriteFailure {
  int error = 0;        // errno
  std::string message;  // the operation, its file, and the reason
};

// After the first failure, the log ends with the last whole frame that the kernel took. Later
// frames are dropped and counted. Unless the log survives the host, its run goes on without it, so
// the folder gets a mark (segment_files.h).
class Writer {
 public:
  // Begins an epoch with a new segment, and makes the folder when it is missing; but not the folder
  // above. Check failed().
  explicit Writer(std::string folder, WriterOptions options = {});
  // Flushes, and waits for the disk.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Methods return 0 or an errno; after a failure, its errno.

  // Begins the next segment unless the present one has room for this many bytes. Frames that belong
  // together then are in one segment.
  int MakeRoom(std::size_t bytes);

  // Takes a frame. It is with the kernel after the next Flush(). EMSGSIZE, without a failure, for a
  // payload of more than kMaxPayload bytes, which is dropped.
  int Append(std::uint8_t type, std::string_view payload);

  // Gives all frames to the kernel: they survive the end of this process.
  int Flush();

  // Flushes, and waits until all frames are on the disk: they survive the end of the host.
  int SyncNow();

  // Flush() or SyncNow(), as the options say.
  int Commit() { return survives_host_ ? SyncNow() : Flush(); }

  const std::string& folder() const { return folder_; }
  bool survives_host() const { return survives_host_; }
  // As Syncer::Lag().
  std::chrono::duration<double> Lag() { return syncer_.Lag(); }
  bool failed() const { return failure_.has_value(); }
  const std::optional<WriteFailure>& failure() const { return failure_; }
  // Frames that were refused or lost.
  std::uint64_t dropped_frames() const { return dropped_frames_; }

  std::uint32_t epoch() const { return epoch_; }
  // Number and size in bytes of the current segment, with frames that are not flushed.
  std::uint64_t segment() const { return number_; }
  std::uint64_t segment_size() const { return written_ + buffered_; }
  std::uint64_t segment_limit() const { return segment_limit_; }

 private:
  int Open();
  int FindPlace();
  int BeginSegment();
  int Write(std::string_view bytes, std::size_t* written);
  void CutToWholeFrames(std::size_t written);
  int Fail(int error, std::string_view operation, const std::string& path);
  std::string MarkPath(std::string_view name) const { return folder_ + '/' + std::string(name); }
  void MarkEnd() const;
  std::string PathOf(std::uint64_t number) const;

  const std::string folder_;
  // Without this limit, a write beyond it would send SIGXFSZ, which ends the process.
  const std::uint64_t file_size_limit_;
  const std::uint64_t segment_limit_;
  const bool survives_host_;
  Syncer syncer_;
  Syncer::File folder_file_;

  Syncer::File file_;
  bool begun_ = false;
  std::uint32_t epoch_ = 1;
  std::uint64_t number_ = 0;
  std::uint64_t written_ = 0;  // bytes of the current segment

  std::unique_ptr<char[]> buffer_;
  std::size_t buffered_ = 0;
  std::uint64_t buffered_frames_ = 0;

  std::optional<WriteFailure> failure_;
  std::uint64_t dropped_frames_ = 0;
};

}  // namespace flux_ensemble::log
