// Replays prepared HTTP requests, each once, over N keep-alive connections, and prints what came
// back as one JSON object. One thread, no TLS, plain HTTP/1.1 answers: enough to be far cheaper
// than any server it is pointed at.
//
//   replay PORT CONNECTIONS FILE [SECONDS [RATE]]
//
// FILE holds, for each request, its length as a 32-bit little-endian number and its bytes. With
// SECONDS, no request is begun after that time; those under way are awaited. With RATE, that many
// are due each second, whatever the server does: a latency is then counted from when its request
// was due, also when no connection was free.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

std::vector<std::string_view> split(std::string_view file) {
  std::vector<std::string_view> requests;
  while (file.size() >= 4) {
    std::uint32_t length = 0;
    std::memcpy(&length, file.data(), 4);
    if (file.size() - 4 < length) throw std::runtime_error("the request file is cut off");
    requests.push_back(file.substr(4, length));
    file.remove_prefix(4 + length);
  }
  return requests;
}

/// The status when the bytes are one whole answer.
std::optional<int> whole_answer(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos || bytes.size() < 12) return std::nullopt;
  std::string head(bytes.substr(0, end + 2));
  std::ranges::transform(head, head.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::string_view body = bytes.substr(end + 4);
  const int status = std::atoi(head.c_str() + 9);
  if (head.contains("\r\ntransfer-encoding: chunked\r\n")) {
    return body.ends_with("0\r\n\r\n") ? std::optional(status) : std::nullopt;
  }
  const auto length = head.find("\r\ncontent-length: ");
  const std::size_t expected =
      length == std::string::npos ? 0 : std::strtoull(head.c_str() + length + 18, nullptr, 10);
  return body.size() >= expected ? std::optional(status) : std::nullopt;
}

class Replay {
 public:
  Replay(int port, std::vector<std::string_view> requests, std::optional<double> seconds,
         std::optional<double> rate)
      : port_(port), requests_(std::move(requests)), rate_(rate), epoll_(epoll_create1(0)) {
    if (seconds)
      last_start_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                       std::chrono::duration<double>(*seconds));
  }

  void run(int connections) {
    connections_.resize(static_cast<std::size_t>(connections));
    const auto begun = begun_ = Clock::now();
    for (Connection& connection : connections_) open(connection);
    std::vector<epoll_event> events(connections_.size());
    while (open_ > 0) {
      // While a request is not due yet, time passes on this core alone: a timer would be too
      // coarse.
      const int timeout = free_.empty() ? 30000 : 0;
      const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout);
      if (ready == 0 && timeout != 0) throw std::runtime_error("no answer for 30 seconds");
      while (!free_.empty() && (Clock::now() >= due() || over())) {
        Connection* connection = free_.back();
        free_.pop_back();
        begin(*connection);
      }
      for (int i = 0; i < ready; ++i) advance(*static_cast<Connection*>(events[i].data.ptr));
    }
    seconds_ = std::chrono::duration<double>(Clock::now() - begun).count();
  }

  void print() {
    std::ranges::sort(latencies_);
    const auto at = [&](double part) {
      return latencies_.empty() ? 0.0
                                : latencies_[std::size_t(part * double(latencies_.size() - 1))];
    };
    std::string statuses;
    for (const auto& [status, count] : statuses_) {
      statuses += (statuses.empty() ? "" : ", ") + ('"' + std::to_string(status)) +
                  "\": " + std::to_string(count);
    }
    std::printf(
        "{\"begun\": %zu, \"seconds\": %.4f, \"p50\": %.3f, \"p99\": %.3f, \"statuses\": {%s}, "
        "\"refusal\": %s}\n",
        next_, seconds_, at(0.5), at(0.99), statuses.c_str(),
        refusal_.empty() ? "null" : refusal_.c_str());
  }

 private:
  struct Connection {
    int socket = -1;
    std::string_view unsent;
    std::string answer;
    Clock::time_point since;
  };

  void open(Connection& connection) {
    connection.socket = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection.socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect");
    }
    const int on = 1;
    setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.ptr = &connection;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event);
    ++open_;
    begin(connection);
  }

  bool over() const { return next_ == requests_.size() || Clock::now() >= last_start_; }

  /// When the next request is to be begun.
  Clock::time_point due() const {
    if (!rate_) return begun_;
    return begun_ + std::chrono::duration_cast<Clock::duration>(
                        std::chrono::duration<double>(double(next_) / *rate_));
  }

  void begin(Connection& connection) {
    if (!over() && Clock::now() < due()) return free_.push_back(&connection);
    if (over()) {
      close(connection.socket);
      connection.socket = -1;
      --open_;
      return;
    }
    connection.answer.clear();
    connection.since = rate_ ? due() : Clock::now();
    connection.unsent = requests_[next_++];
    send_more(connection);
  }

  void send_more(Connection& connection) {
    while (!connection.unsent.empty()) {
      const ssize_t sent = send(connection.socket, connection.unsent.data(),
                                connection.unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno == EAGAIN) return;
      if (sent < 0) throw std::runtime_error("the server closed a connection");
      connection.unsent.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void advance(Connection& connection) {
    send_more(connection);
    char buffer[64 * 1024];
    while (connection.socket >= 0) {
      const ssize_t got = recv(connection.socket, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) throw std::runtime_error("the server closed a connection");
      connection.answer.append(buffer, static_cast<std::size_t>(got));
      if (const auto status = whole_answer(connection.answer)) finish(connection, *status);
    }
  }

  void finish(Connection& connection, int status) {
    latencies_.push_back(
        std::chrono::duration<double, std::milli>(Clock::now() - connection.since).count());
    ++statuses_[status];
    if (status >= 300 && refusal_.empty()) {
      refusal_ = connection.answer.substr(connection.answer.find("\r\n\r\n") + 4);
      if (!refusal_.starts_with('{')) refusal_ = "\"not JSON\"";
    }
    begin(connection);
  }

  int port_;
  std::vector<std::string_view> requests_;
  std::optional<double> rate_;
  int epoll_;
  Clock::time_point begun_;
  std::vector<Connection*> free_;  ///< wait for a request that is not due yet
  Clock::time_point last_start_ = Clock::time_point::max();
  std::vector<Connection> connections_;
  std::size_t open_ = 0, next_ = 0;
  double seconds_ = 0;
  std::vector<double> latencies_;
  std::map<int, std::size_t> statuses_;
  std::string refusal_;  ///< the first one's body
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) {
    std::fprintf(stderr, "usage: replay PORT CONNECTIONS FILE [SECONDS [RATE]]\n");
    return 2;
  }
  try {
    std::ifstream file(arguments[3], std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::optional<double> seconds;
    std::optional<double> rate;
    if (count > 4) seconds = std::atof(arguments[4]);
    if (count > 5) rate = std::atof(arguments[5]);
    Replay replay(std::atoi(arguments[1]), split(bytes), seconds, rate);
    replay.run(std::atoi(arguments[2]));
    replay.print();
  } catch (const std::exception& wrong) {
    std::fprintf(stderr, "replay: %s\n", wrong.what());
    return 1;
  }
}
