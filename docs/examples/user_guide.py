"""The user guide of renderapi 1.0.1, run: a stack, one tile, many tiles, transformations, point matches.

    user_guide.py HOST PORT [SECTIONS] [CLIENT_SCRIPTS]

The lines are the guide's own but for addresses and three slips of its text (a misspelt name, a value and a comma that
are missing). The guide's 500 sections are 100,000 tiles; SECTIONS asks for fewer. Without CLIENT_SCRIPTS, the folder
of the Java client's scripts, the imports run without Java. What the guide tells of transformations without code
stands in lines of ours. A service to try it on: ``render-io serve --data DIR --port 8080``.
"""
# ruff: noqa
# fmt: off

import sys

HOST, PORT = sys.argv[1], int(sys.argv[2])
SECTIONS = int(sys.argv[3]) if len(sys.argv) > 3 else 500
CLIENT_SCRIPTS = sys.argv[4] if len(sys.argv) > 4 else None

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
    'client_scripts':CLIENT_SCRIPTS,
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

# Transformations: where points go, and one transform that stands for a list of them.
import numpy

raw = numpy.stack(numpy.meshgrid(*[numpy.linspace(0, 2048, 5)] * 2), -1).reshape(-1, 2)
world = at.tform(raw)
assert numpy.allclose(at.inverse_tform(world), raw)
lens = renderapi.transform.Polynomial2DTransform()
lens.estimate(raw, raw + 1e-6 * raw ** 2, order=2)
assert numpy.allclose(renderapi.transform.estimate_dstpts([lens, at], raw), at.tform(lens.tform(raw)))
total = renderapi.transform.estimate_transformsum([lens, at], src=raw)
assert numpy.allclose(total.tform(raw), at.tform(lens.tform(raw)), atol=1e-6)

# A transformation that tiles share: they refer to it, and imports are given what they refer to.
lens.transformId = 'mylens'
shared = TileSpec(tileId='000000000001', z=0.0, width=2048, height=2048, imageUrl='/data/images/0_0_1.tif',
                  layout=layout, tforms=[renderapi.transform.ReferenceTransform(refId='mylens'), at])
renderapi.client.import_tilespecs(stack, [shared], sharedTransforms=[lens], render=render)
renderapi.stack.set_stack_state(stack, 'COMPLETE', render=render)
as_stored = renderapi.tilespec.get_tile_spec_raw(stack, '000000000001', render=render)
assert as_stored.tforms[0].refId == 'mylens'
resolved = renderapi.tilespec.get_tile_spec(stack, '000000000001', render=render)
assert resolved.tforms[0].dataString == lens.dataString

# Point matches
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
