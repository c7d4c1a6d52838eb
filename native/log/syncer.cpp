#include "log/syncer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace flux_ensemble::log {

namespace {

int Sync(int fd, Syncer::Kind kind) {
  const bool is_folder = kind == Syncer::Kind::kFolder;
  for (;;) {
    if ((is_folder ? fsync(fd) : fdatasync(fd)) == 0) return 0;
    // Some file systems cannot sync a folder.
    if (is_folder && (errno == EINVAL || errno == ENOTSUP)) return 0;
    if (errno != EINTR) return errno;
  }
}

}  // namespace

Syncer::~Syncer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.Join();
}

int Syncer::Start() {
  return thread_.Start([this] { Run(); });
}

void Syncer::Changed(const File& file, Kind kind) {
  const Change change{file, kind};
  const std::lock_guard lock(mutex_);
  if (std::find(changed_.begin(), changed_.end(), change) != changed_.end()) return;
  changed_.push_back(change);
  if (!changed_since_) changed_since_ = std::chrono::steady_clock::now();
  if (changed_.size() == 1) wake_.notify_one();
}

std::chrono::duration<double> Syncer::Lag() {
  const std::lock_guard lock(mutex_);
  const auto since = syncing_since_ ? syncing_since_ : changed_since_;
  if (!since) return {};
  return std::chrono::steady_clock::now() - *since;
}

int Syncer::SyncNow() {
  SyncChanged();
  return error_;
}

void Syncer::SyncChanged() {
  const std::lock_guard syncing(syncing_);
  std::vector<Change> changes;
  {
    const std::lock_guard lock(mutex_);
    changes.swap(changed_);
    syncing_since_ = std::exchange(changed_since_, std::nullopt);
  }
  for (const Change& change : changes) {
    const int error = Sync(change.file->get(), change.kind);
    if (error != 0 && error_ == 0) error_ = error;
  }
  const std::lock_guard lock(mutex_);
  syncing_since_.reset();
}

void Syncer::Run() {
  auto next = std::chrono::steady_clock::now();
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !changed_.empty(); });
      wake_.wait_until(lock, next, [this] { return stopping_; });
      if (stopping_) return;
    }
    next = std::chrono::steady_clock::now() + interval_;
    SyncChanged();
  }
}

}  // namespace flux_ensemble::log
