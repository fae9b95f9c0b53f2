"""PSPNet (Zhao et al., "Pyramid Scene Parsing Network", CVPR 2017) on torchvision's dilated ResNet, from the paper's figure 3 and table 1.

Average pooling over 1, 4, 9 and 36 windows, a 1x1 convolution to a quarter of the channels, batch norm and ReLU for each, enlarged
bilinearly with corners on corners (the authors' Caffe `Interp` layer), beside the map itself; a 3x3 convolution to a quarter of the
map's channels, batch norm, ReLU, dropout 0.1 and a 1x1 convolution with a bias to the scores. The auxiliary head is torchvision's FCN head
on the third stage.
"""
import torch
import torchvision
from torch import nn
from torch.nn import functional as F
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation.fcn import FCNHead


class Pyramid(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(side), nn.Conv2d(channels, channels // 4, 1, bias=False), nn.BatchNorm2d(channels // 4), nn.ReLU())
            for side in (1, 2, 3, 6))  # fmt: skip

    def forward(self, x):
        size = x.shape[-2:]
        levels = [F.interpolate(conv(x), size=size, mode="bilinear", align_corners=True) for conv in self.convs]
        return torch.cat([x, *levels], 1)


class PSPNet(nn.Module):
    def __init__(self, backbone, classes):
        super().__init__()
        network = getattr(torchvision.models, backbone)(weights=None, replace_stride_with_dilation=[False, True, True])
        self.backbone = IntermediateLayerGetter(network, {"layer4": "out", "layer3": "aux"})
        self.classifier = nn.Sequential(
            Pyramid(2048), nn.Conv2d(4096, 512, 3, padding=1, bias=False), nn.BatchNorm2d(512), nn.ReLU(), nn.Dropout(0.1),
            nn.Conv2d(512, classes, 1))  # fmt: skip
        self.aux_classifier = FCNHead(1024, classes)

    def forward(self, x):
        maps = self.backbone(x)
        scores = {"out": self.classifier(maps["out"]), "aux": self.aux_classifier(maps["aux"])}
        return {name: F.interpolate(value, size=x.shape[-2:], mode="bilinear", align_corners=False) for name, value in scores.items()}
