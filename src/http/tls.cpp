#include "http/tls.h"

#include <fmt/format.h>

#include "http/http_refusal.h"

namespace imp::http {

Result<std::unique_ptr<boost::asio::ssl::context>> make_tls_context(
    const std::string& certificate_file, const std::string& key_file) {
  using boost::asio::ssl::context;
  boost::system::error_code error;
  auto made = std::make_unique<context>(context::tls_server);
  // RFC 8996 ends TLS 1.0 and 1.1; renegotiation lets a client make the server work for nothing.
  SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(made->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Frees 32 KiB of a connection that waits.
  SSL_CTX_set_mode(made->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  made->use_certificate_chain_file(certificate_file, error);
  if (error) {
    return refuse(HttpRefusal::certificate_unusable,
                  fmt::format("The TLS certificate {} cannot be used: {}.", certificate_file,
                              error.message()));
  }
  made->use_private_key_file(key_file, context::pem, error);
  if (error || SSL_CTX_check_private_key(made->native_handle()) != 1) {
    return refuse(HttpRefusal::certificate_unusable,
                  fmt::format("The TLS key {} cannot be used with the certificate {}: {}.",
                              key_file, certificate_file,
                              error ? error.message() : std::string("it belongs to another one")));
  }
  return made;
}

}  // namespace imp::http
