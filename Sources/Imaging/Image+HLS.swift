import CPixels

extension Image {
    /// Adds to hue, saturation and lightness on OpenCV's 8-bit HLS scales, clamping each: MXNet's colour jitter.
    ///
    /// Hue runs from 0 to 180 (two degrees a step) and does **not** wrap; saturation and lightness run from 0 to 255. Values are rounded
    /// to whole numbers in HLS, as by OpenCV's `cvtColor`. A grey picture takes the lightness alone.
    public func adjustingHLS(hue: Int, saturation: Int, lightness: Int) -> Image {
        if hue == 0, saturation == 0, lightness == 0 { return self }
        // Beyond the scale every shift clamps to the same end.
        let (h, l, s) = (hue.clamped(to: 180), lightness.clamped(to: 255), saturation.clamped(to: 255))
        var adjusted = pixels
        if channels == 1 {
            for i in adjusted.indices { adjusted[i] = UInt8(Swift.min(Swift.max(Int(adjusted[i]) + l, 0), 255)) }
        } else {
            adjusted.withUnsafeMutableBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                cpixels_shift_hls(base, width * height, Int32(h), Int32(l), Int32(s))
            }
        }
        return Image(checkedWidth: width, height: height, channels: channels, pixels: adjusted)
    }
}

extension Int {
    fileprivate func clamped(to magnitude: Int) -> Int { Swift.min(Swift.max(self, -magnitude), magnitude) }
}
