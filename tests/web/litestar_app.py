"""A Litestar application, as the module hum_async.web.litestar shows it."""

from litestar import Litestar

from hum_async import GuidedPolling
from hum_async.web.litestar import HubPlugin

app = Litestar(plugins=[HubPlugin(policy=GuidedPolling(interval=0.5))])
