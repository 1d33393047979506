#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "base/failure.h"

namespace imp::http {

/// A server context for TLS 1.2 and 1.3 with this certificate chain and key (PEM files). A file
/// that cannot be read or used, or a key of another certificate, is a failure that names it.
Result<std::unique_ptr<boost::asio::ssl::context>> make_tls_context(
    const std::string& certificate_file, const std::string& key_file);

}  // namespace imp::http
