"""The managers that are compared, by name. Each file holds one small adapter."""

from .bare import Bare
from .node_cluster import NodeCluster
from .pm2 import Pm2
from .rpm import Rpm
from .supervisord import Supervisord

ALL = {each.name: each for each in (Rpm, Pm2, Supervisord, Bare, NodeCluster)}
