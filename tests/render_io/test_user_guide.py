"""The user guide of renderapi 1.0.1, line for line but for addresses and the number of sections.

What its text leaves to the reader is filled in: the imports, the tile's name (misspelt there), a comma. Its import
jobs run with a stand-in of the Java client's script, and without Java.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import render_io

GUIDE = """
import render_io
render_io.install_as_renderapi()

import renderapi
from renderapi.tilespec import Layout, TileSpec
from renderapi.transform import AffineModel as AffineTransform

#create a renderapi.connect.Render object
render_connect_params ={
    'host':HOST,
    'port':PORT,
    'owner':'myowner',
    'project':'myproject',
    'client_scripts':SCRIPTS,
    'memGB': '2G'
}
render = renderapi.connect(**render_connect_params)

#make a new stack
stack = 'mystack'
renderapi.stack.create_stack(stack, render=render)

#define a tile layout
layout = Layout(sectionId='1',
                scopeId='myscope',
                cameraId='mycamera',
                imageRow=0,
                imageCol=0,
                stageX=100.0,
                stageY=300.0,
                rotation=0.0,
                pixelsize=3.0)

#define a simple transformation, here a translation based upon layout
at = AffineTransform(B0=layout.stageX/layout.pixelsize,
                     B1=layout.stageY/layout.pixelsize)

tilespec = TileSpec(tileId='000000000000',
                     z=0.0,
                     width=2048,
                     height=2048,
                     imageUrl='/data/images/0_0_0.tif',
                     maskUrl=None,
                     layout=layout,
                     tforms=[at])

#use the simple non-parallelized upload option
renderapi.client.import_tilespecs(stack,
                                    [tilespec],
                                    render = render)

#now close the stack
renderapi.stack.set_stack_state(stack, 'COMPLETE', render = render)

rows = 10
cols = 20
sections = SECTIONS
overlap = .8 #20% overlap
pix = 3.0 #nm
img_width = 2048 #pixels
img_height = img_width

tilespecs = []
for section in range(sections):
    for r in range(rows):
        for c in range(cols):
            layout = Layout(sectionId='%05d'%section,
                            scopeId='myscope',
                            cameraId='mycamera',
                            imageRow=0,
                            imageCol=0,
                            stageX=c*img_width*overlap*pix,
                            stageY=r*img_height*overlap*pix,
                            rotation=0.0,
                            pixelsize=pix)

            #define a simple transformation, here a translation based upon layout
            at = AffineTransform(B0=c*img_width*overlap,
                                B1=r*img_height*overlap)

            tileId = '%d_%d_%d'%(section,r,c)

            ts = TileSpec(tileId=tileId,
                          z=section,
                          width=img_width,
                          height=img_height,
                          imageUrl='/data/images/%s.tif'%tileId,
                          maskUrl=None,
                          layout=layout,
                          tforms=[at])
            tilespecs.append(ts)

renderapi.client.import_tilespecs_parallel(stack,
                                             tilespecs,
                                             close_stack=True,
                                             render = render)

matches_in={
    'pGroupId': '0',
    'qGroupId': '1',
    'pId': '0_0_0',
    'qId': '1_0_0',
    'matches': {
        'p': [[0,0],[1000,1000],[1000,0],[0,1000]],
        'q': [[0,0],[1000,1000],[1000,0],[0,1000]],
        'w': [1,1,1,1]
    }
}
renderapi.pointmatch.import_matches('mycollection',
                                    [matches_in],
                                    render=render)
matches_out=renderapi.pointmatch.get_matches_from_tile_to_tile('mycollection',
                                                               '0',
                                                               '0_0_0',
                                                               '1',
                                                               '1_0_0',
                                                               render = render)

print(matches_out)
"""

CHECKS = """
assert renderapi.stack.get_full_stack_metadata(stack, render=render)['stats']['tileCount'] == 200 * SECTIONS + 1
assert renderapi.stack.get_z_values_for_stack(stack, render=render) == [float(z) for z in range(SECTIONS)]
first = renderapi.tilespec.get_tile_spec(stack, '000000000000', render=render)
assert first.bbox == (33.0, 100.0, 2081.0, 2148.0), first.bbox
assert first.layout.scopeId == 'myscope'
(pair,) = matches_out
rows = [[0, 1000, 1000, 0], [0, 1000, 0, 1000]]
assert pair['matches'] == {'p': rows, 'q': rows, 'w': [1] * 4}
"""


@pytest.mark.usefixtures("warm_kernels")
@pytest.mark.parametrize("java", [True, False], ids=["java", "no-java"])
def test_the_user_guide_runs(embedded, script, tmp_path, monkeypatch, java):
    monkeypatch.delenv("RENDER_CLIENT_SCRIPTS", raising=False)
    scripts = str(script.path.parent) if java else None
    where = {"HOST": embedded.host, "PORT": embedded.port, "SCRIPTS": scripts, "SECTIONS": 2}
    program = tmp_path / "guide.py"
    guide = GUIDE if java else GUIDE.replace("myowner", "myotherowner")
    program.write_text("\n".join(f"{name} = {value!r}" for name, value in where.items()) + guide + CHECKS)
    here = Path(render_io.__file__).parents[1]
    command = [sys.executable, "-W", "error", str(program)]
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "'pId': '0_0_0'" in done.stdout
    assert {call.memory for call in script.calls()} == ({"2G"} if java else set())
