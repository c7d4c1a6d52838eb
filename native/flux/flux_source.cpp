#include "flux/flux_source.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "flux/flux_library.h"
#include "flux/submit_thread.h"
#include "journal/context_members.h"

// Messages are received raw and identified by their matchtag, without libflux-core's dispatcher and
// futures. This costs less for each message. It also lets one connection carry the journal and
// everything else: a waiting future would make the library search the journal's backlog.
namespace flux_ensemble::flux::of_source {

namespace core = flux_ensemble::flux;

// Set before the first source is opened, and never changed.
inline const core::FluxLibrary* flux_core = nullptr;

struct HandleCloser {
  void operator()(core::Broker* handle) const { flux_core->close(handle); }
};
struct FutureDestroyer {
  void operator()(core::Future* future) const { flux_core->future_destroy(future); }
};
struct MessageDestroyer {
  void operator()(core::Message* message) const { flux_core->msg_destroy(message); }
};
using Future = std::unique_ptr<core::Future, FutureDestroyer>;
using Message = std::unique_ptr<core::Message, MessageDestroyer>;

constexpr std::uint32_t kNoTag = core::kNoMatchtag;

// Seconds to wait for the answer to a question about the instance.
constexpr double kOpenPatience = 30;
// Seconds to wait for the answer to a submission. The thread looks for its stop after each wait.
constexpr double kAnswerPatience = 0.05;

using Handle = std::unique_ptr<core::Broker, HandleCloser>;

using flux_ensemble::flux::SubmitAnswer;
using flux_ensemble::flux::SubmitTask;
using flux_ensemble::flux::Submitter;
using flux_ensemble::flux::SubmitThread;

class JobSubmitter final : public Submitter {
 public:
  explicit JobSubmitter(Handle handle) : handle_(std::move(handle)) {}

  void Send(const SubmitTask& task, std::vector<SubmitAnswer>& answers) override {
    Future future(flux_core->job_submit(handle_.get(), task.jobspec.c_str(), task.urgency, 0));
    if (!future) {
      const int errnum = errno;
      answers.push_back({task.request, errnum, flux_core->strerror(errnum)});
      return;
    }
    sent_.emplace_back(task.request, std::move(future));
  }

  void Wait(std::vector<SubmitAnswer>& answers) override {
    double patience = kAnswerPatience;
    while (!sent_.empty()) {
      auto& [request, future] = sent_.front();
      if (flux_core->future_wait_for(future.get(), patience) < 0 && errno == ETIMEDOUT) return;
      patience = 0;
      std::uint64_t id = 0;
      if (flux_core->job_submit_get_id(future.get(), &id) == 0) {
        answers.push_back({request, 0, "{\"id\":" + std::to_string(id) + "}"});
      } else {
        const int errnum = errno;
        const char* const text = flux_core->future_error_string(future.get());
        answers.push_back({request, errnum, text == nullptr ? flux_core->strerror(errnum) : text});
      }
      sent_.pop_front();
    }
  }

  std::size_t waiting() const override { return sent_.size(); }

 private:
  // The futures are destroyed before their handle.
  Handle handle_;
  std::deque<std::pair<std::uint64_t, Future>> sent_;
};

// A descriptor that is readable when one of two others is.
class EitherFd {
 public:
  EitherFd(int first, int second) : fd_(epoll_create1(EPOLL_CLOEXEC)) {
    if (fd_ >= 0 && (!Add(first) || !Add(second))) {
      close(fd_);
      fd_ = -1;
    }
  }
  ~EitherFd() {
    if (fd_ >= 0) close(fd_);
  }
  EitherFd(const EitherFd&) = delete;
  EitherFd& operator=(const EitherFd&) = delete;

  // -1 when it could not be made.
  int fd() const { return fd_; }

 private:
  bool Add(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    return epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) == 0;
  }

  int fd_;
};

}  // namespace flux_ensemble::flux::of_source

using namespace flux_ensemble::flux::of_source;

struct FluxSource {
  std::optional<std::string> uri;
  Handle handle;
  FluxInstance instance{};
  std::string version;
  std::string first_broker;
  // Streams of the journal by the matchtag of their RPC. There are few.
  std::vector<std::pair<std::uint32_t, std::uint64_t>> streams;
  // Requests by the matchtag of their RPC.
  std::unordered_map<std::uint32_t, std::uint64_t> requests;
  // From the first submission on.
  std::unique_ptr<SubmitThread> submits;
  std::unique_ptr<EitherFd> either;
};

namespace {

int Fail(char* error, std::size_t size, const char* text) {
  const int saved = errno;
  std::snprintf(error, size, "%s", text);
  errno = saved;
  return -1;
}

// The tag outlives the future. It is freed when the raw answer is received.
std::uint32_t TagOf(Future future) {
  if (!future) return kNoTag;
  return flux_core->rpc_get_matchtag(future.get());
}

// Waits for a broker that may be busy or hang.
bool IsAnswered(const Future& answer) {
  return answer && flux_core->future_wait_for(answer.get(), kOpenPatience) == 0;
}

// The members of the answer's JSON; none for an error.
std::vector<flux_ensemble::journal::Member> MembersOf(const Future& answer) {
  const char* json = nullptr;
  if (!IsAnswered(answer) || flux_core->rpc_get(answer.get(), &json) < 0 || json == nullptr) {
    return {};
  }
  return flux_ensemble::journal::MembersOf(json);
}

// An attribute of the broker of rank 0, empty where it is unknown.
std::string Attribute(core::Broker* handle, const std::string& name) {
  const std::string request = R"({"name":")" + name + R"("})";
  return TextOf(MembersOf(Future(flux_core->rpc(handle, "attr.get", request.c_str(), 0, 0))),
                "value");
}

// 0 where it is unknown.
std::uint64_t InactiveJobs(core::Broker* handle) {
  const Future answer(flux_core->rpc(handle, "job-manager.stats-get", "{}", core::kAnyNode, 0));
  return IntegerOf(MembersOf(answer), "inactive_jobs").value_or(0);
}

// Whether the instance has the journal that the member follows: that of 0.61 and later. An unknown
// version may have it.
bool HasJournal(const std::string& version) {
  int major = 0;
  int minor = 0;
  if (std::sscanf(version.c_str(), "%d.%d", &major, &minor) != 2) return true;
  return major > 0 || minor >= 61;
}

// Whether the broker lets this user follow the jobs of all. The journal needs a stream, so an owner
// gets another error than a guest.
bool MayFollow(core::Broker* handle) {
  const Future answer(
      flux_core->rpc(handle, "job-manager.events-journal", "{}", core::kAnyNode, 0));
  return !IsAnswered(answer) || flux_core->rpc_get(answer.get(), nullptr) == 0 || errno != EPERM;
}

int LoadInstance(FluxSource* source, char* error, std::size_t size) {
  core::Broker* const handle = source->handle.get();
  FluxInstance& instance = source->instance;
  if (flux_core->get_rank(handle, &instance.broker_rank) < 0 ||
      flux_core->get_size(handle, &instance.size) < 0) {
    return Fail(error, size, "the broker does not say what instance it belongs to");
  }
  source->version = Attribute(handle, "version");
  if (!HasJournal(source->version)) {
    const std::string text = "the instance runs flux-core " + source->version +
                             ", whose journal is too old; flux-core 0.61 or later is needed";
    errno = EPROTONOSUPPORT;
    return Fail(error, size, text.c_str());
  }
  instance.userid = getuid();
  instance.owner = MayFollow(handle);
  instance.version = source->version.c_str();
  source->first_broker = Attribute(handle, "broker.uuid");
  instance.first_broker = source->first_broker.c_str();
  instance.inactive_jobs = InactiveJobs(handle);
  return 0;
}

FluxSource* Open(const char* uri, char* error, std::size_t size) {
  core::ErrorText reason{};
  auto source = std::make_unique<FluxSource>();
  if (uri != nullptr) source->uri = uri;
  source->handle.reset(flux_core->open_ex(uri, 0, &reason));
  if (!source->handle) {
    Fail(error, size, reason.text);
    return nullptr;
  }
  if (LoadInstance(source.get(), error, size) < 0) return nullptr;
  return source.release();
}

void Instance(const FluxSource* source, FluxInstance* instance) {
  *instance = source->instance;
}

int Fd(const FluxSource* source) {
  return source->either ? source->either->fd() : flux_core->pollfd(source->handle.get());
}

// The answer's error text, or the text of its errno.
const char* ErrorText(const core::Message* message, int errnum) {
  const char* text = nullptr;
  if (flux_core->response_decode_error(message, &text) == 0 && text != nullptr) return text;
  return flux_core->strerror(errnum);
}

void JournalResponse(FluxSource* source, const FluxListener* listener, const core::Message* message,
                     std::uint32_t tag, std::uint64_t stream) {
  const void* data = nullptr;
  std::size_t size = 0;
  if (flux_core->response_decode_raw(message, nullptr, &data, &size) == 0) {
    // The payload ends with a zero byte, which is not part of the JSON.
    const char* const json = static_cast<const char*>(data);
    if (size > 0) listener->journal(listener->context, stream, json, size - 1);
    return;
  }
  const int errnum = errno;
  flux_core->matchtag_free(source->handle.get(), tag);
  std::erase_if(source->streams, [tag](const auto& known) { return known.first == tag; });
  listener->journal_ended(listener->context, stream, errnum, ErrorText(message, errnum));
}

void RequestResponse(FluxSource* source, const FluxListener* listener, const core::Message* message,
                     std::uint32_t tag) {
  const auto found = source->requests.find(tag);
  if (found == source->requests.end()) return;
  const std::uint64_t request = found->second;
  source->requests.erase(found);
  flux_core->matchtag_free(source->handle.get(), tag);
  const void* data = nullptr;
  std::size_t size = 0;
  if (flux_core->response_decode_raw(message, nullptr, &data, &size) == 0) {
    const char* const text = size > 0 ? static_cast<const char*>(data) : "";
    listener->answered(listener->context, request, 0, text, size > 0 ? size - 1 : 0);
    return;
  }
  const int errnum = errno;
  const char* const text = ErrorText(message, errnum);
  listener->answered(listener->context, request, errnum, text,
                     std::char_traits<char>::length(text));
}

void Dispatch(FluxSource* source, const FluxListener* listener, const core::Message* message) {
  int type = 0;
  std::uint32_t tag = kNoTag;
  if (flux_core->msg_get_type(message, &type) < 0 || type != core::kResponseType ||
      flux_core->msg_get_matchtag(message, &tag) < 0) {
    return;
  }
  for (const auto& [of, stream] : source->streams) {
    if (of == tag) return JournalResponse(source, listener, message, tag, stream);
  }
  RequestResponse(source, listener, message, tag);
}

void DeliverSubmissions(FluxSource* source, const FluxListener* listener) {
  if (!source->submits) return;
  for (const SubmitAnswer& answer : source->submits->Take()) {
    listener->answered(listener->context, answer.request, answer.errnum, answer.text.data(),
                       answer.text.size());
  }
}

int Pump(FluxSource* source, const FluxListener* listener, int limit) {
  core::Broker* const handle = source->handle.get();
  DeliverSubmissions(source, listener);
  for (int i = 0; i < limit; ++i) {
    const Message message(flux_core->recv(handle, core::kMatchAny, core::kNonblock));
    if (message) {
      Dispatch(source, listener, message.get());
      continue;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK) return FLUX_PUMP_LOST;
    // The descriptor is edge-triggered: flux_core->pollevents() makes it unreadable until the next
    // message. So only this call reports messages since the last read, and reports them once.
    const int events = flux_core->pollevents(handle);
    if (events < 0) return FLUX_PUMP_LOST;
    if ((events & core::kPollError) != 0) {
      errno = ECONNRESET;
      return FLUX_PUMP_LOST;
    }
    return (events & core::kPollIn) != 0 ? FLUX_PUMP_MORE : FLUX_PUMP_DRAINED;
  }
  return FLUX_PUMP_MORE;
}

int OpenJournal(FluxSource* source, std::uint64_t stream, const char* request) {
  Future future(flux_core->rpc(source->handle.get(), "job-manager.events-journal", request,
                               core::kAnyNode, core::kStreaming));
  const std::uint32_t tag = TagOf(std::move(future));
  if (tag == kNoTag) return -1;
  source->streams.emplace_back(tag, stream);
  return 0;
}

int CloseJournal(FluxSource* source, std::uint64_t stream) {
  for (const auto& [tag, number] : source->streams) {
    if (number != stream) continue;
    const std::string request = R"({"matchtag":)" + std::to_string(tag) + "}";
    const Future future(flux_core->rpc(source->handle.get(), "job-manager.events-journal-cancel",
                                       request.c_str(), core::kAnyNode, core::kNoResponse));
    return future ? 0 : -1;
  }
  return 0;
}

static_assert(FLUX_SOURCE_ANY_RANK == core::kAnyNode);

int Call(FluxSource* source, std::uint64_t request, const char* topic, const char* json,
         std::uint32_t rank) {
  const std::uint32_t tag =
      TagOf(Future(flux_core->rpc(source->handle.get(), topic, json, rank, 0)));
  if (tag == kNoTag) return -1;
  source->requests[tag] = request;
  return 0;
}

int StartSubmits(FluxSource* source) {
  auto submits = std::make_unique<SubmitThread>([uri = source->uri](SubmitAnswer& failure) {
    core::ErrorText reason{};
    Handle handle(flux_core->open_ex(uri ? uri->c_str() : nullptr, 0, &reason));
    if (handle) return std::make_unique<JobSubmitter>(std::move(handle));
    failure.errnum = errno;
    failure.text = reason.text;
    return std::unique_ptr<JobSubmitter>();
  });
  auto either = std::make_unique<EitherFd>(flux_core->pollfd(source->handle.get()), submits->fd());
  if (either->fd() < 0) return -1;
  const int error = submits->Start();
  if (error != 0) {
    errno = error;
    return -1;
  }
  source->submits = std::move(submits);
  source->either = std::move(either);
  return 0;
}

int Submit(FluxSource* source, std::uint64_t request, const char* jobspec, int urgency) {
  if (!source->submits && StartSubmits(source) < 0) return -1;
  source->submits->Post({request, jobspec, urgency});
  return 0;
}

void Close(FluxSource* source) {
  const std::unique_ptr<FluxSource> owned(source);
}

constexpr FluxSourceApi kApi = {
    Open, Instance, Fd, Pump, OpenJournal, CloseJournal, Call, Submit, Close,
};

}  // namespace

const FluxSourceApi* FluxSourceOf(const core::FluxLibrary& library) {
  static const bool set = (flux_core = &library) != nullptr;
  return set ? &kApi : nullptr;
}
