#include "spawner/tails.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <cerrno>

#include <algorithm>
#include <array>

namespace flux_ensemble::spawner {
namespace {

// Bytes of a tail that are stored: the last line, and blank lines after it.
constexpr std::size_t kKept = 1024;
// Descriptors reserved for everything else: pending starts, files of children.
constexpr std::size_t kReserve = 160;
// A job that has ended may have left a full pipe, and a daemon that fills it again.
constexpr int kLastReads = 32;

}  // namespace

std::string LastLine(std::string_view text) {
  constexpr std::string_view kBlank = " \t\n\r\v\f";
  const std::size_t last = text.find_last_not_of(std::string_view("\0 \t\n\r\v\f", 7));
  if (last == std::string_view::npos) return {};
  text = text.substr(0, last + 1);
  const std::size_t before = text.find_last_of("\n\r");
  if (before != std::string_view::npos) text.remove_prefix(before + 1);
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  std::string line(text.substr(0, Tails::kMaxLine));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

Tails::Tails() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  rlimit limit = {};
  if (!epoll_.valid() || getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  if (limit.rlim_cur > kReserve) most_ = static_cast<std::size_t>(limit.rlim_cur) - kReserve;
}

int Tails::Open(UniqueFd* write_end) {
  if (tails_.size() >= most_) return -1;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  UniqueFd read_end(ends[0]);
  UniqueFd other_end(ends[1]);
  // Only this end is non-blocking: the job's end blocks, as files do.
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = read_end.get();
  if (fcntl(read_end.get(), F_SETFL, O_NONBLOCK) != 0 ||
      epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, read_end.get(), &event) != 0) {
    return -1;
  }
  *write_end = std::move(other_end);
  const int number = read_end.get();
  tails_[number].fd = std::move(read_end);
  return number;
}

bool Tails::ReadSome(Tail& tail) {
  std::array<char, std::size_t{64} << 10> bytes;
  const ssize_t got = read(tail.fd.get(), bytes.data(), bytes.size());
  if (got < 0) return errno == EINTR;
  if (got == 0) {
    // Otherwise it would stay readable for ever.
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, tail.fd.get(), nullptr);
    tail.closed = true;
    return false;
  }
  if (tail.ended) return true;
  const std::string_view news(bytes.data(), static_cast<std::size_t>(got));
  if (news.size() >= kKept) {
    tail.end = news.substr(news.size() - kKept);
  } else {
    tail.end.append(news);
    if (tail.end.size() > kKept) tail.end.erase(0, tail.end.size() - kKept);
  }
  return true;
}

void Tails::Read() {
  std::array<epoll_event, 64> events;
  const int ready = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < ready; ++i) {
    const auto found = tails_.find(events[static_cast<std::size_t>(i)].data.fd);
    if (found == tails_.end()) continue;
    ReadSome(found->second);
    if (found->second.closed && found->second.ended) tails_.erase(found);
  }
}

std::string Tails::Close(int number) {
  const auto found = tails_.find(number);
  if (found == tails_.end()) return {};
  Tail& tail = found->second;
  for (int i = 0; i < kLastReads && !tail.closed && ReadSome(tail); ++i) {
  }
  std::string line = LastLine(tail.end);
  tail.end = std::string();
  tail.ended = true;
  // The pipe stays open, because a daemon would die when it writes to a closed pipe.
  if (!tail.closed) ReadSome(tail);
  if (tail.closed) tails_.erase(found);
  return line;
}

}  // namespace flux_ensemble::spawner
