#include "spawner/command.h"

#include <charconv>
#include <cstring>
#include <utility>

namespace flux_ensemble::spawner {
namespace {

// Walks over the NUL-terminated strings of a frame.
class Fields {
 public:
  explicit Fields(std::string_view rest) : rest_(rest) {}

  bool Text(std::string_view* value) {
    const std::size_t end = rest_.find('\0');
    if (end == std::string_view::npos) return false;
    *value = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return true;
  }

  template <typename Integer>
  bool Number(Integer* value) {
    std::string_view text;
    if (!Text(&text)) return false;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, *value);
    return error == std::errc() && stop == end;
  }

  // A count, then that many strings.
  bool List(std::vector<std::string_view>* values) {
    std::size_t count = 0;
    // Each string takes at least one byte. A larger count is invalid and must not lead to an
    // allocation.
    if (!Number(&count) || count > rest_.size()) return false;
    values->resize(count);
    for (std::string_view& value : *values) {
      if (!Text(&value)) return false;
    }
    return true;
  }

  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::uint32_t LittleEndian32(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

std::optional<Command> ParseCommand(std::string_view body) {
  Fields fields(body);
  std::string_view verb;
  if (!fields.Text(&verb)) return std::nullopt;
  if (verb == "spawn") {
    SpawnCommand spawn;
    const bool whole = fields.Number(&spawn.id) && fields.Text(&spawn.cwd) &&
                       fields.Text(&spawn.out) && fields.Text(&spawn.err) &&
                       fields.List(&spawn.environment) && fields.List(&spawn.arguments) &&
                       fields.done();
    if (!whole || spawn.arguments.empty()) return std::nullopt;
    for (const std::string_view& entry : spawn.environment) {
      const std::size_t equals = entry.find('=');
      const bool fresh = entry == "=" && &entry == spawn.environment.data();
      if ((equals == 0 && !fresh) || equals == std::string_view::npos) return std::nullopt;
    }
    return Command(std::move(spawn));
  }
  if (verb == "kill") {
    KillCommand kill;
    const bool whole = fields.Number(&kill.id) && fields.Number(&kill.signal) && fields.done();
    // Signal 0 only tests whether a process exists; signals above 64 do not exist.
    if (!whole || kill.signal < 1 || kill.signal > 64) return std::nullopt;
    return Command(kill);
  }
  return std::nullopt;
}

char* FrameReader::Reserve(std::size_t size) {
  // Room is made by moving the rest to the front instead of growing. In the steady state, the rest
  // is empty or a part of one small frame.
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  constexpr std::size_t kKeep = std::size_t{1} << 20;
  if (end_ == 0 && buffer_.size() > kKeep) buffer_ = std::vector<char>();
  if (buffer_.size() < end_ + size) buffer_.resize(end_ + size);
  return buffer_.data() + end_;
}

void FrameReader::Commit(std::size_t size) {
  end_ += size;
}

FrameReader::Next FrameReader::Take(std::string_view* body) {
  constexpr std::size_t kPrefix = 4;
  if (end_ - begin_ < kPrefix) return Next::kIncomplete;
  const std::size_t length = LittleEndian32(buffer_.data() + begin_);
  if (length > kMaxBody) return Next::kTooLong;
  if (end_ - begin_ < kPrefix + length) return Next::kIncomplete;
  *body = std::string_view(buffer_.data() + begin_ + kPrefix, length);
  begin_ += kPrefix + length;
  return Next::kFrame;
}

}  // namespace flux_ensemble::spawner
