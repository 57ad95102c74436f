"""The jobs of the Java client: imports, coordinate mapping, tile pairs, matches, pictures.

Every function runs the Java client's script where the connection has one (``client_script``, or ``client_scripts``),
and otherwise does the job in-process, without Java; the log says which. Both are given the same arguments.
"""

from render_io.client.client import (
    import_jsonfiles,
    import_jsonfiles_and_transforms_parallel_by_z,
    import_jsonfiles_parallel,
    import_jsonfiles_validate_client,
    import_single_json_file,
    import_tilespecs,
    import_tilespecs_parallel,
)
from render_io.client.client_calls import (
    call_run_ws_client,
    coordinateClient,
    get_canvas_url_template,
    get_param,
    importJsonClient,
    importTransformChangesClient,
    pointMatchClient,
    renderClient,
    rendererClient,
    renderSectionClient,
    tilePairClient,
    transformSectionClient,
)
from render_io.client.drawing import (
    materialize_renderparameters_image,
    materialize_tilespec_image,
    render_renderparameters,
    render_tilespec,
)
from render_io.client.params import (
    ArgumentParameters,
    FeatureExtractionParameters,
    MatchDerivationParameters,
    SiftPointMatchOptions,
)
from render_io.client.points import local_to_world_array, world_to_local_array
from render_io.client.pools import WithPool
from render_io.client.runner import ClientFailedError
from render_io.client.utils import renderclientaccess, run_subprocess_mode
from render_io.errors import ClientScriptError
from render_io.render import RenderClient
from render_io.stack import set_stack_state

__all__ = [
    "ArgumentParameters",
    "ClientFailedError",
    "ClientScriptError",
    "FeatureExtractionParameters",
    "MatchDerivationParameters",
    "RenderClient",
    "SiftPointMatchOptions",
    "WithPool",
    "call_run_ws_client",
    "coordinateClient",
    "get_canvas_url_template",
    "get_param",
    "importJsonClient",
    "importTransformChangesClient",
    "import_jsonfiles",
    "import_jsonfiles_and_transforms_parallel_by_z",
    "import_jsonfiles_parallel",
    "import_jsonfiles_validate_client",
    "import_single_json_file",
    "import_tilespecs",
    "import_tilespecs_parallel",
    "local_to_world_array",
    "materialize_renderparameters_image",
    "materialize_tilespec_image",
    "pointMatchClient",
    "renderClient",
    "renderSectionClient",
    "render_renderparameters",
    "render_tilespec",
    "renderclientaccess",
    "rendererClient",
    "run_subprocess_mode",
    "set_stack_state",
    "tilePairClient",
    "transformSectionClient",
    "world_to_local_array",
]
