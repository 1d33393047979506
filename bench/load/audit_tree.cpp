// audit_tree DIRECTORY RECORDS: what the audit log's Merkle tree costs, as one line of JSON.
// Records are appended and sealed in one database; in another a tree of that many made-up leaves is
// asked for proofs.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <random>
#include <thread>
#include <vector>

#include "audit/log.h"
#include "audit/transparency_log.h"
#include "base/clock.h"

namespace {

using namespace imp;

constexpr int kAppends = 40'000;
constexpr int kWriters = 64;
constexpr int kProofs = 2'000;
constexpr std::string_view kOrigin = "bench.example/-/audit";

[[noreturn]] void fail(const Failure& failure) {
  std::fprintf(stderr, "audit_tree: %s %s\n", failure.message.c_str(), failure.detail.c_str());
  std::exit(1);
}
template <class T>
T need(Result<T> result) {
  if (!result) fail(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

double cpu_seconds(clockid_t clock = CLOCK_PROCESS_CPUTIME_ID) {
  timespec time{};
  clock_gettime(clock, &time);
  return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

struct OpenLog {
  std::unique_ptr<db::Database> store;
  crypto::Sealer sealer{Bytes(32, 7)};
  SystemClock clock;
  audit::TransparencyLog log;

  explicit OpenLog(const std::string& path)
      : store(need(db::open_sqlite({.path = path}))), log(*store, sealer, clock) {
    need(store->migrate(audit::migrations()));
    need(log.keys().ensure(std::string(kOrigin)));
  }
};

/// A record of the size and shape of an exchange's.
audit::Record record(int number) {
  return {.at = SystemClock().now(),
          .actor = "publisher:6f1f5a3e-0d5e-4c3a-9a37-0f4c2f0b7d11",
          .action = "trust.exchange",
          .subject = "package:@acme/widget-" + std::to_string(number % 100),
          .outcome = "granted",
          .organization = "2a9f8a55-7d3b-4a0a-8a34-2a1d5f6c9e21",
          .request_id = "request-" + std::to_string(number),
          .remote_address = "192.0.2.1",
          .detail = {{"issuer", "https://oidc.circleci.com/org/2a9f8a55"},
                     {"claims",
                      {{"oidc.circleci.com/project-id", "9c4e7a3b-5f0d-4f6d-8b89-1c2d3e4f5a6b"},
                       {"oidc.circleci.com/vcs-origin", "github.com/acme/widget"}}},
                     {"token_expires", 1'790'000'900}}};
}

/// CPU microseconds of each of many small transactions from many threads.
double each(OpenLog& open, const std::function<void(db::Session&, int number)>& body) {
  const double begun = cpu_seconds();
  {
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < kWriters; ++writer) {
      writers.emplace_back([&, writer] {
        for (int i = writer; i < kAppends; i += kWriters) {
          need(open.store->write([&](db::Session& session) -> Result<void> {
            body(session, i);
            return {};
          }));
        }
      });
    }
  }
  return (cpu_seconds() - begun) / kAppends * 1e6;
}

struct Costs {
  double plain_us;   ///< of a transaction that inserts one row
  double append_us;  ///< of the same with a record
  double seal_us;    ///< of sealing a record, later
};
Costs append_and_seal(const std::string& path) {
  OpenLog open(path);
  need(open.store->migrate(
      {{.name = "bench/1", .sql = "CREATE TABLE bench (id BIGINT PRIMARY KEY, made BIGINT);\n"}}));
  const auto insert = [](db::Session& session, int number) {
    session.run("INSERT INTO bench (id, made) VALUES (:p1, :p2)", {number, number});
  };
  Costs costs{};
  costs.plain_us = each(open, insert);
  costs.append_us = each(open, [&](db::Session& session, int number) {
    insert(session, number + kAppends);
    audit::append(session, record(number));
  });
  const double begun = cpu_seconds();
  need(open.log.seal_all());
  costs.seal_us = (cpu_seconds() - begun) / kAppends * 1e6;
  return costs;
}

/// Fills the tree without records: proofs read tiles alone.
void fill(OpenLog& open, std::int64_t size) {
  tlog::TileBuilder tree;
  constexpr std::int64_t kBatch = 1 << 18;
  while (static_cast<std::int64_t>(tree.size()) < size) {
    need(open.store->write([&](db::Session& session) -> Result<void> {
      const tlog::TileSink store = [&](unsigned level, std::uint64_t index,
                                       const tlog::Hashes& hashes) {
        audit::store_tile(session, level, index, hashes);
      };
      for (std::int64_t i = 0; i < kBatch && static_cast<std::int64_t>(tree.size()) < size; ++i) {
        tree.append(tlog::leaf_hash(std::to_string(tree.size())), store);
      }
      tree.edge(store);
      session.run("UPDATE audit_tree SET size = :p1, root = :p2, checkpoint = 'none'",
                  {static_cast<std::int64_t>(tree.size()), tlog::hash_text(tree.root())});
      return {};
    }));
  }
}

/// The median and the last percentile, in milliseconds: of the clock on the wall, and of the
/// thread's CPU, which does not count what else the machine does meanwhile.
struct Times {
  double p50, p99, cpu_p99;
};
template <class Call>
Times timed(Call call) {
  std::vector<double> wall, cpu;
  for (int i = 0; i < kProofs; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    const double cpu_begun = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    call();
    cpu.push_back((cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - cpu_begun) * 1e3);
    wall.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun)
            .count());
  }
  std::ranges::sort(wall);
  std::ranges::sort(cpu);
  return {wall[kProofs / 2], wall[kProofs * 99 / 100], cpu[kProofs * 99 / 100]};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::atoll(argv[2]) < 1) {
    std::fprintf(stderr, "usage: audit_tree DIRECTORY RECORDS\n");
    return 2;
  }
  const std::string directory = argv[1];
  const std::int64_t size = std::atoll(argv[2]);
  const Costs costs = append_and_seal(directory + "/append.db");
  OpenLog open(directory + "/tree.db");
  fill(open, size);
  std::mt19937_64 random(20261125);
  std::uniform_int_distribution<std::int64_t> any(1, size);
  const Times inclusion = timed([&] { need(open.log.inclusion(any(random))); });
  const Times consistency = timed([&] { need(open.log.consistency(any(random))); });
  open.store->stop();
  const double megabytes = double(std::filesystem::file_size(directory + "/tree.db")) / 1e6;
  const auto json = [](const Times& times) {
    return fmt::format(R"({{"p50": {:.3f}, "p99": {:.3f}, "cpu_p99": {:.3f}}})", times.p50,
                       times.p99, times.cpu_p99);
  };
  fmt::print(R"({{"plain_us": {:.2f}, "append_us": {:.2f}, "seal_us": {:.2f}, "inclusion": {}, )"
             R"("consistency": {}, "tree_megabytes": {:.0f}}})"
             "\n",
             costs.plain_us, costs.append_us, costs.seal_us, json(inclusion), json(consistency),
             megabytes);
  return 0;
}
