#include "e6/client/call_observer.h"

namespace e6::client {

CallObserver::~CallObserver() = default;

}  // namespace e6::client
