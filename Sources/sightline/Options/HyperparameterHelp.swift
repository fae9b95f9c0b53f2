/// What `--help` says about hyperparameters: name, range, default.
enum HyperparameterHelp {
    static let classification = """
        HYPERPARAMETERS (-p name=value; SageMaker's names, all optional)
          network
            num_layers              18 34 50 101 152 200 for images of about 224
                                    pixels, 20 32 44 56 110 for about 32 [152]
            image_shape             channels,height,width
                                    [3,224,224; 3,32,32 for small networks]
            num_classes             counted in the data; where set, must match
                                    its class names
            num_training_samples    counted in the data; refused where it differs
            use_pretrained_model    1: start from ImageNet weights [0]
            multi_label             1: an image may have several classes [0]
            freeze_layer_pattern    a regular expression: layers whose names begin
                                    so are not trained; (?!fc) freezes all but the
                                    last of a ResNet [none]
          images
            augmentation_type       crop, crop_color, crop_color_transform,
                                    random_resized_crop [none]
            resize                  shorter side before the crop
          training
            epochs                  passes over the data [30]
            mini_batch_size         images a step [32]
            seed                    of weights, order and augmentation [0]
            precision_dtype         float32, bfloat16, auto [auto]; float16 on
                                    GPUs, with a scaled loss
            use_weighted_loss       1: weigh rare classes up; multi_label only [0]
            label_smoothing         share of each target that all classes have
                                    alike, as 0.1 [0]
            top_k                   report top-k accuracy too [none]
            checkpoint_frequency    keep the weights of every n-th epoch [none]
            kv_store                dist_sync, dist_async: several machines [none]
          optimizer
            optimizer               sgd, nag, adam, rmsprop [sgd]
            learning_rate           0…1 [0.1]
            lr_scheduler            step, poly, cosine [step]
            lr_scheduler_step       epochs after which the rate falls, as 10,20
            lr_scheduler_factor     by which it falls, 0…1 [0.1]
            lr_warmup_epochs        epochs, or a part of one, over which the rate
                                    rises from 0 [0]
            momentum                sgd, nag: 0…1 [0.9]
            weight_decay            sgd, nag: 0…1 [0.0001]
            beta_1, beta_2          adam: 0…1 [0.9, 0.999]
            eps                     adam, rmsprop: 0…1 [1e-8]
            gamma                   rmsprop: 0…1 [0.9]
        \(earlyStopping(by: "accuracy"))
        """

    static let detection = """
        HYPERPARAMETERS (-p name=value; SageMaker's names, all optional)
          network
            base_network            vgg-16, resnet-50; resnet-18, resnet-34,
                                    resnet-101 are ours [vgg-16]
            image_shape             side of the square that images are stretched
                                    to, 300 or more; 300 and 512 advised [300]
            num_classes             counted in the data; where set, must match
                                    its class names
            num_training_samples    counted in the data; refused where it differs
            use_pretrained_model    1: start from ImageNet weights [0]
            freeze_layer_pattern    a regular expression: layers whose names begin
                                    so are not trained, as ^(conv1_|conv2_).* [none]
          images
            label_width             room for an image's objects: 2 + 5 for each
                                    [as much as the data need]
          training
            epochs                  passes over the data [30]
            mini_batch_size         images a step [32]
            seed                    of weights, order and augmentation [0]
            precision_dtype         float32, bfloat16, auto [auto]; float16 on
                                    GPUs, with a scaled loss
            kv_store                dist_sync, dist_async: several machines [none]
          optimizer
            optimizer               sgd, adam, rmsprop, adadelta [sgd]
            learning_rate           above 0, at most 1 [0.001]
            lr_scheduler            step, poly, cosine [step]
            lr_scheduler_step       epochs after which the rate falls, as 10,20
            lr_scheduler_factor     by which it falls, above 0, at most 1 [0.1]
            lr_warmup_epochs        epochs, or a part of one, over which the rate
                                    rises from 0 [0]
            momentum                sgd: 0…1 [0.9]
            weight_decay            sgd, rmsprop: 0…1 [0.0005]
          detections
            overlap_threshold       overlap (IoU) of a hit, above 0, at most 1 [0.5]
            nms_threshold           overlap above which the less certain of two
                                    boxes of a class is dropped [0.45]
            nms_topk                boxes that are compared for it [400]
        \(earlyStopping(by: "mAP"))
        """

    static let segmentation = """
        HYPERPARAMETERS (-p name=value; SageMaker's names, all optional)
          network
            algorithm               fcn, psp, deeplab [fcn]
            backbone                resnet-50 resnet-101 resnet-18 resnet-34
                                    [resnet-50]
            num_classes             2…254, background included; without it, all masks
                                    are read to count them
            num_training_samples    counted in the data; refused where it differs
            use_pretrained_model    True: backbone from ImageNet weights [True]
            syncbn                  batch statistics over all GPUs [False]
            freeze_layer_pattern    a regular expression: layers whose names begin
                                    so are not trained; backbone freezes all but
                                    the heads [none]
          images
            base_size               the long side becomes ½ to 2 times this [520]
            crop_size               side of the square cut out, above 16, rounded up
                                    to a multiple of 8 [240]
            validation_mini_batch_size  1: score whole images; more: crops of
                                    crop_size, so many at a time, as the original
                                    [whole images]
          training
            epochs                  passes over the data [10]
            mini_batch_size         images a step [16]
            seed                    of weights, order and augmentation [0]
            precision_dtype         float32, bfloat16, auto [auto]; float16 on
                                    GPUs, with a scaled loss
            kv_store                dist_sync, dist_async: several machines [none]
          optimizer
            optimizer               sgd, nag, adam, adagrad, rmsprop, adadelta [sgd]
            learning_rate           above 0, at most 1 [0.001]
            lr_scheduler            poly, step, cosine [poly]
            lr_scheduler_step       step: epochs after which the rate falls, as 10,20
            lr_scheduler_factor     step: by which it falls, 0…1 [0.1]
            lr_warmup_epochs        epochs, or a part of one, over which the rate
                                    rises from 0 [0]
            momentum                sgd, nag: 0…1 [0.9]
            weight_decay            sgd, nag: 0…1 [0.0001]
            gamma1, gamma2          rmsprop: decay, momentum: 0…1 [0.9, 0.9]
        \(earlyStopping(by: "mIOU", minimum: 5, patience: 4))
        """

    private static func earlyStopping(by metric: String, minimum: Int = 10, patience: Int = 5) -> String {
        """
          early stopping, by validation \(metric)
            early_stopping              True: stop when nothing improves [False]
            early_stopping_min_epochs   never before so many epochs [\(minimum)]
            early_stopping_patience     epochs to wait for an improvement [\(patience)]
            early_stopping_tolerance    relative gain that counts, 0…1 [0.0]
        """
    }
}
