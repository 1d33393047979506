#pragma once

#include <span>

#include "http/addresses.h"
#include "http/request.h"

namespace imp::http {

/// Sets `remote_address` and `secure` of a request that `peer` sent. X-Forwarded-For and
/// X-Forwarded-Proto count only when the peer is a trusted proxy; of the addresses listed, the last
/// one that is not itself a trusted proxy is the client's (anything before it is hearsay).
void resolve_client(Request& request, const Address& peer, bool over_tls,
                    std::span<const AddressBlock> trusted_proxies);

}  // namespace imp::http
