#include "flux/flux_source.h"

#include <flux/core.h>
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

#include "flux/submit_thread.h"

// Messages are received raw and identified by their matchtag, without libflux-core's dispatcher and
// futures. This costs less for each message. It also lets one connection carry the journal and
// everything else: a waiting future would make the library search the journal's backlog.
namespace {

struct HandleCloser {
  void operator()(flux_t* handle) const { flux_close(handle); }
};
struct FutureDestroyer {
  void operator()(flux_future_t* future) const { flux_future_destroy(future); }
};
struct MessageDestroyer {
  void operator()(flux_msg_t* message) const { flux_msg_destroy(message); }
};
using Future = std::unique_ptr<flux_future_t, FutureDestroyer>;
using Message = std::unique_ptr<flux_msg_t, MessageDestroyer>;

constexpr std::uint32_t kNoTag = FLUX_MATCHTAG_NONE;

// Seconds to wait for the answer to a question about the instance.
constexpr double kOpenPatience = 30;
// Seconds to wait for the answer to a submission. The thread looks for its stop after each wait.
constexpr double kAnswerPatience = 0.05;

using Handle = std::unique_ptr<flux_t, HandleCloser>;

using flux_ensemble::flux::SubmitAnswer;
using flux_ensemble::flux::SubmitTask;
using flux_ensemble::flux::Submitter;
using flux_ensemble::flux::SubmitThread;

class JobSubmitter final : public Submitter {
 public:
  explicit JobSubmitter(Handle handle) : handle_(std::move(handle)) {}

  void Send(const SubmitTask& task, std::vector<SubmitAnswer>& answers) override {
    Future future(flux_job_submit(handle_.get(), task.jobspec.c_str(), task.urgency, 0));
    if (!future) {
      const int errnum = errno;
      answers.push_back({task.request, errnum, flux_strerror(errnum)});
      return;
    }
    sent_.emplace_back(task.request, std::move(future));
  }

  void Wait(std::vector<SubmitAnswer>& answers) override {
    double patience = kAnswerPatience;
    while (!sent_.empty()) {
      auto& [request, future] = sent_.front();
      if (flux_future_wait_for(future.get(), patience) < 0 && errno == ETIMEDOUT) return;
      patience = 0;
      flux_jobid_t id = 0;
      if (flux_job_submit_get_id(future.get(), &id) == 0) {
        answers.push_back({request, 0, "{\"id\":" + std::to_string(id) + "}"});
      } else {
        const int errnum = errno;
        const char* const text = flux_future_error_string(future.get());
        answers.push_back({request, errnum, text == nullptr ? flux_strerror(errnum) : text});
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

}  // namespace

struct FluxSource {
  std::optional<std::string> uri;
  Handle handle;
  FluxInstance instance{};
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
  return flux_rpc_get_matchtag(future.get());
}

// Waits for a broker that may be busy or hang.
bool IsAnswered(const Future& answer) {
  return answer && flux_future_wait_for(answer.get(), kOpenPatience) == 0;
}

// The broker.uuid of rank 0, empty where it is unknown.
std::string FirstBroker(flux_t* handle) {
  const Future answer(flux_rpc_pack(handle, "attr.get", 0, 0, "{s:s}", "name", "broker.uuid"));
  const char* uuid = nullptr;
  if (!IsAnswered(answer) || flux_rpc_get_unpack(answer.get(), "{s:s}", "value", &uuid) < 0) {
    return {};
  }
  return uuid;
}

// 0 where it is unknown.
std::uint64_t InactiveJobs(flux_t* handle) {
  const Future answer(flux_rpc(handle, "job-manager.stats-get", "{}", FLUX_NODEID_ANY, 0));
  std::int64_t count = 0;
  if (!IsAnswered(answer) ||
      flux_rpc_get_unpack(answer.get(), "{s:I}", "inactive_jobs", &count) < 0) {
    return 0;
  }
  return static_cast<std::uint64_t>(count);
}

// Whether the broker lets this user follow the jobs of all. The journal needs a stream, so an owner
// gets another error than a guest.
bool MayFollow(flux_t* handle) {
  const Future answer(flux_rpc(handle, "job-manager.events-journal", "{}", FLUX_NODEID_ANY, 0));
  return !IsAnswered(answer) || flux_rpc_get(answer.get(), nullptr) == 0 || errno != EPERM;
}

int LoadInstance(FluxSource* source, char* error, std::size_t size) {
  flux_t* const handle = source->handle.get();
  FluxInstance& instance = source->instance;
  if (flux_get_rank(handle, &instance.broker_rank) < 0 ||
      flux_get_size(handle, &instance.size) < 0) {
    return Fail(error, size, "the broker does not say what instance it belongs to");
  }
  instance.userid = getuid();
  instance.owner = MayFollow(handle);
  instance.version = flux_core_version_string();
  source->first_broker = FirstBroker(handle);
  instance.first_broker = source->first_broker.c_str();
  instance.inactive_jobs = InactiveJobs(handle);
  return 0;
}

FluxSource* Open(const char* uri, char* error, std::size_t size) {
  flux_error_t reason{};
  auto source = std::make_unique<FluxSource>();
  if (uri != nullptr) source->uri = uri;
  source->handle.reset(flux_open_ex(uri, 0, &reason));
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
  return source->either ? source->either->fd() : flux_pollfd(source->handle.get());
}

// The answer's error text, or the text of its errno.
const char* ErrorText(const flux_msg_t* message, int errnum) {
  const char* text = nullptr;
  if (flux_response_decode_error(message, &text) == 0 && text != nullptr) return text;
  return flux_strerror(errnum);
}

void JournalResponse(FluxSource* source, const FluxListener* listener, const flux_msg_t* message,
                     std::uint32_t tag, std::uint64_t stream) {
  const void* data = nullptr;
  std::size_t size = 0;
  if (flux_response_decode_raw(message, nullptr, &data, &size) == 0) {
    // The payload ends with a zero byte, which is not part of the JSON.
    const char* const json = static_cast<const char*>(data);
    if (size > 0) listener->journal(listener->context, stream, json, size - 1);
    return;
  }
  const int errnum = errno;
  flux_matchtag_free(source->handle.get(), tag);
  std::erase_if(source->streams, [tag](const auto& known) { return known.first == tag; });
  listener->journal_ended(listener->context, stream, errnum, ErrorText(message, errnum));
}

void RequestResponse(FluxSource* source, const FluxListener* listener, const flux_msg_t* message,
                     std::uint32_t tag) {
  const auto found = source->requests.find(tag);
  if (found == source->requests.end()) return;
  const std::uint64_t request = found->second;
  source->requests.erase(found);
  flux_matchtag_free(source->handle.get(), tag);
  const void* data = nullptr;
  std::size_t size = 0;
  if (flux_response_decode_raw(message, nullptr, &data, &size) == 0) {
    const char* const text = size > 0 ? static_cast<const char*>(data) : "";
    listener->answered(listener->context, request, 0, text, size > 0 ? size - 1 : 0);
    return;
  }
  const int errnum = errno;
  const char* const text = ErrorText(message, errnum);
  listener->answered(listener->context, request, errnum, text,
                     std::char_traits<char>::length(text));
}

void Dispatch(FluxSource* source, const FluxListener* listener, const flux_msg_t* message) {
  int type = 0;
  std::uint32_t tag = kNoTag;
  if (flux_msg_get_type(message, &type) < 0 || type != FLUX_MSGTYPE_RESPONSE ||
      flux_msg_get_matchtag(message, &tag) < 0) {
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
  flux_t* const handle = source->handle.get();
  DeliverSubmissions(source, listener);
  for (int i = 0; i < limit; ++i) {
    const Message message(flux_recv(handle, FLUX_MATCH_ANY, FLUX_O_NONBLOCK));
    if (message) {
      Dispatch(source, listener, message.get());
      continue;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK) return FLUX_PUMP_LOST;
    // The descriptor is edge-triggered: flux_pollevents() makes it unreadable until the next
    // message. So only this call reports messages since the last read, and reports them once.
    const int events = flux_pollevents(handle);
    if (events < 0) return FLUX_PUMP_LOST;
    if ((events & FLUX_POLLERR) != 0) {
      errno = ECONNRESET;
      return FLUX_PUMP_LOST;
    }
    return (events & FLUX_POLLIN) != 0 ? FLUX_PUMP_MORE : FLUX_PUMP_DRAINED;
  }
  return FLUX_PUMP_MORE;
}

int OpenJournal(FluxSource* source, std::uint64_t stream, const char* request) {
  Future future(flux_rpc(source->handle.get(), "job-manager.events-journal", request,
                         FLUX_NODEID_ANY, FLUX_RPC_STREAMING));
  const std::uint32_t tag = TagOf(std::move(future));
  if (tag == kNoTag) return -1;
  source->streams.emplace_back(tag, stream);
  return 0;
}

int CloseJournal(FluxSource* source, std::uint64_t stream) {
  for (const auto& [tag, number] : source->streams) {
    if (number != stream) continue;
    const Future future(flux_rpc_pack(source->handle.get(), "job-manager.events-journal-cancel",
                                      FLUX_NODEID_ANY, FLUX_RPC_NORESPONSE, "{s:i}", "matchtag",
                                      static_cast<int>(tag)));
    return future ? 0 : -1;
  }
  return 0;
}

static_assert(FLUX_SOURCE_ANY_RANK == FLUX_NODEID_ANY);

int Call(FluxSource* source, std::uint64_t request, const char* topic, const char* json,
         std::uint32_t rank) {
  const std::uint32_t tag = TagOf(Future(flux_rpc(source->handle.get(), topic, json, rank, 0)));
  if (tag == kNoTag) return -1;
  source->requests[tag] = request;
  return 0;
}

int StartSubmits(FluxSource* source) {
  auto submits = std::make_unique<SubmitThread>([uri = source->uri](SubmitAnswer& failure) {
    flux_error_t reason{};
    Handle handle(flux_open_ex(uri ? uri->c_str() : nullptr, 0, &reason));
    if (handle) return std::make_unique<JobSubmitter>(std::move(handle));
    failure.errnum = errno;
    failure.text = reason.text;
    return std::unique_ptr<JobSubmitter>();
  });
  auto either = std::make_unique<EitherFd>(flux_pollfd(source->handle.get()), submits->fd());
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
    FLUX_SOURCE_ABI, Open, Instance, Fd, Pump, OpenJournal, CloseJournal, Call, Submit, Close,
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const FluxSourceApi* flux_ensemble_source(void) {
  return &kApi;
}
