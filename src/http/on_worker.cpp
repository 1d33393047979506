#include "http/on_worker.h"

#include <boost/asio/post.hpp>

namespace imp::http {

namespace {

/// What throws lets its reply go, which answers.
void start(const AnswerLater& later, Reply reply, Log& log) noexcept {
  try {
    later.start(std::move(reply));
  } catch (const std::exception& thrown) {
    log.error("handler failed", {{"error", thrown.what()}});
  } catch (...) {
    log.error("handler failed", {{"error", "not a std::exception"}});
  }
}

void hand_over(WorkerPool& pool, WorkerPool::Job job, bool always) {
  if (always) {
    pool.post(std::move(job));
  } else if (!pool.try_post(job)) {
    job(true);
  }
}

}  // namespace

Awaitable<bool> on_worker(Executor executor, WorkerPool& pool, std::move_only_function<void()> work,
                          bool always) {
  UseAwaitable token;
  co_return co_await asio::async_initiate<UseAwaitable, void(bool)>(
      [&](auto handler) {
        WorkerPool::Job job = [handler = std::move(handler), work = std::move(work),
                               executor](bool cancelled) mutable {
          if (!cancelled) work();
          asio::post(executor, [handler = std::move(handler), ran = !cancelled]() mutable {
            std::move(handler)(ran);
          });
        };
        hand_over(pool, std::move(job), always);
      },
      token);
}

Awaitable<std::optional<Response>> answer_on_worker(Executor executor, WorkerPool& pool,
                                                    std::move_only_function<Response()> handle,
                                                    Log& log, bool always) {
  UseAwaitable token;
  co_return co_await asio::async_initiate<UseAwaitable, void(std::optional<Response>)>(
      [&](auto handler) {
        // Tracked: the thread must not end before an answer that is given later.
        auto resume = [handler = std::move(handler),
                       executor =
                           asio::prefer(executor, asio::execution::outstanding_work.tracked)](
                          auto response) mutable {
          asio::post(executor, [handler = std::move(handler),
                                response = std::optional<Response>(std::move(response))]() mutable {
            std::move(handler)(std::move(response));
          });
        };
        WorkerPool::Job job = [resume = std::move(resume), handle = std::move(handle),
                               &log](bool cancelled) mutable {
          if (cancelled) return resume(std::nullopt);
          Response response = handle();
          if (auto* const later = std::get_if<AnswerLater>(&response.body)) {
            return start(*later, Reply(std::move(resume)), log);
          }
          resume(std::move(response));
        };
        hand_over(pool, std::move(job), always);
      },
      token);
}

}  // namespace imp::http
