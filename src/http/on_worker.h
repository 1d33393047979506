#pragma once

#include <functional>
#include <optional>

#include "base/log.h"
#include "http/asio.h"
#include "http/response.h"
#include "http/worker_pool.h"

namespace imp::http {

// The way from an I/O thread to a worker and back: a coroutine of `executor` waits, and is resumed
// there.

/// Runs `work` (which must not throw) on a worker. False: the queue was full or the pool is
/// stopping, and it was not run. With `always`, the queue's limit does not apply.
Awaitable<bool> on_worker(Executor executor, WorkerPool& pool, std::move_only_function<void()> work,
                          bool always);

/// Calls a handler (which must not throw) on a worker and resumes with its answer, also when that
/// is given later. Nothing: the queue was full or the pool is stopping. The log has what a handler
/// throws that answers later. `always` as for on_worker().
Awaitable<std::optional<Response>> answer_on_worker(Executor executor, WorkerPool& pool,
                                                    std::move_only_function<Response()> handler,
                                                    Log& log, bool always);

}  // namespace imp::http
