#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace imp::http {

/// Wakes parked requests and streams. Topics are free text ("job-output/<id>"). Thread-safe.
class Waiters {
 public:
  Waiters();
  ~Waiters();

  /// Wakes everything that waits for the topic now; what subscribes later is not woken by it.
  void notify(std::string_view topic);

  /// How many notifications there have been. Read it before looking at the state that a topic
  /// stands for, and pass it to subscribe(): a change between the look and the subscription is then
  /// not lost.
  std::uint64_t sequence() const;

  /// Calls `wake` once, from the notifying thread, at the next notify of the topic; the
  /// subscription ends when it was called or when the returned handle is destroyed.
  class Subscription {
   public:
    virtual ~Subscription() = default;
  };
  std::unique_ptr<Subscription> subscribe(std::string topic, std::function<void()> wake);
  /// The same, but calls `wake` at once, on this thread, when the topic was notified after `since`.
  /// (It may also do so when only another topic was: what wakes must look again anyway.)
  std::unique_ptr<Subscription> subscribe(std::string topic, std::function<void()> wake,
                                          std::uint64_t since);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace imp::http
