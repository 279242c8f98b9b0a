"""Training: what a configuration says, the data, the first parameters, the rate of each step.

========================= ==========================================================================================
file                      what stands in it
========================= ==========================================================================================
``settings``              the tables of a configuration: Data, Augment, Schedule, Train (structs with their checks)
``config``                ``read(file) -> Config``; ``Config.from_dict(tree, folder)``: all mistakes at once
``network``               the network of a configuration, whose parameters may be left out
``examples``              Examples: inputs and labels as a source gives them, and where each of them stands
``sources``               ``load(data, folder, dtype) -> Examples``: picks the reader
``files``                 bytes and texts of data files, gzip files unpacked
``csv_files``             CSV; ``csv_cells`` is the careful reader, which names a mistake
``npz_files``             NPZ
``idx_files``             pairs of IDX and IDX.gz files
``image_folders``         a folder of images for each class
``bundled``               scikit-learn's bundled sets
``preparing``             ``prepare(config) -> Prepared``: split, standardised, targets and weights made
``labels``                classes from labels, one-hot targets, class weights
``standardising``         mean and deviation of each feature or channel
``orders``                the order of examples and their shifts and flips, functions of (seed, epoch) alone
``initialisation``        Glorot, He, LeCun, orthogonal
``schedules``             the rate of each step
``fit``                   ``hg.fit``; ``tasks``, ``task``: what a run needs; ``running``: a run to its end, ``result``
``loop``                  epochs in pieces, evaluation, early stopping; ``state``: where a run is; ``interrupts``
``checkpoints``           safetensors and JSON, written durably; ``keeping``: when and what is saved
``watch``                 dead and saturated units, exploding and vanishing gradients
``progress``              the bar and the lines; ``reporting``: what follows a run
``curves``                pictures of a run, with ``confusion`` and ``filters``; ``writing``: the files at its end
``learned``               the network with what it learned, and the problem of an example; ``worked``: from a checkpoint
========================= ==========================================================================================
"""
