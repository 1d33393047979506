#include "http/waiters.h"

#include <array>
#include <map>
#include <mutex>
#include <vector>

namespace imp::http {

namespace {

/// One subscription's callback. Its own mutex is held while the callback runs, so that destroying
/// the handle waits for it; recursive, because a callback may destroy its own handle.
struct Entry {
  std::recursive_mutex mutex;
  std::function<void()> wake;

  void call() {
    const std::lock_guard lock(mutex);
    const auto once = std::exchange(wake, nullptr);
    if (once) once();
  }
};

}  // namespace

struct Waiters::Impl {
  /// Topics share these slots by hash: enough to tell "not notified since", without a memory of
  /// every topic there ever was.
  static constexpr std::size_t kSlots = 1024;

  mutable std::mutex mutex;
  std::multimap<std::string, std::shared_ptr<Entry>, std::less<>> entries;
  std::uint64_t sequence = 0;
  std::array<std::uint64_t, kSlots> notified{};

  std::uint64_t& slot(std::string_view topic) {
    return notified[std::hash<std::string_view>()(topic) % kSlots];
  }
};

namespace {

template <class Impl>
class Handle final : public Waiters::Subscription {
 public:
  Handle(std::shared_ptr<Impl> waiters, std::string topic, std::shared_ptr<Entry> entry)
      : waiters_(std::move(waiters)), topic_(std::move(topic)), entry_(std::move(entry)) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  ~Handle() override {
    {
      const std::lock_guard lock(waiters_->mutex);
      auto [it, end] = waiters_->entries.equal_range(topic_);
      while (it != end && it->second != entry_) ++it;
      if (it != end) waiters_->entries.erase(it);
    }
    const std::lock_guard lock(entry_->mutex);
    entry_->wake = nullptr;
  }

 private:
  std::shared_ptr<Impl> waiters_;
  std::string topic_;
  std::shared_ptr<Entry> entry_;
};

}  // namespace

Waiters::Waiters() : impl_(std::make_shared<Impl>()) {}
Waiters::~Waiters() = default;

std::uint64_t Waiters::sequence() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->sequence;
}

void Waiters::notify(std::string_view topic) {
  std::vector<std::shared_ptr<Entry>> woken;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->slot(topic) = ++impl_->sequence;
    const auto [first, last] = impl_->entries.equal_range(topic);
    for (auto it = first; it != last; ++it) woken.push_back(it->second);
    impl_->entries.erase(first, last);
  }
  for (const auto& entry : woken) entry->call();
}

std::unique_ptr<Waiters::Subscription> Waiters::subscribe(std::string topic,
                                                          std::function<void()> wake) {
  return subscribe(std::move(topic), std::move(wake), std::uint64_t(-1));
}

std::unique_ptr<Waiters::Subscription> Waiters::subscribe(std::string topic,
                                                          std::function<void()> wake,
                                                          std::uint64_t since) {
  auto entry = std::make_shared<Entry>();
  entry->wake = std::move(wake);
  bool missed = false;
  {
    const std::lock_guard lock(impl_->mutex);
    missed = impl_->slot(topic) > since;
    if (!missed) impl_->entries.emplace(topic, entry);
  }
  if (missed) entry->call();
  return std::make_unique<Handle<Impl>>(impl_, std::move(topic), std::move(entry));
}

}  // namespace imp::http
