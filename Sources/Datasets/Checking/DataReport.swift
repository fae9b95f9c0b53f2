/// What a data check found.
public struct DataReport: Sendable {
    /// One half of the data.
    public struct Channel: Sendable {
        /// `train` or `validation`.
        public let name: String
        /// What the records were read from, for people; the location where it could not be opened.
        public let source: String
        /// Whether it could be opened.
        public let isOpen: Bool
        /// Records, readable or not.
        public let records: Int
        /// Pictures that could be decoded.
        public let pictures: Int
        /// Their sizes; nil where there are none.
        public let sizes: Sizes?
        /// What was counted of each class; position = class number.
        public let classes: [ClassCount]
        /// Pixels of masks without a class.
        public let unlabelledPixels: Int

        /// Gathers what is known of a half.
        public init(
            name: String, source: String, isOpen: Bool, records: Int, pictures: Int, sizes: Sizes?, classes: [ClassCount],
            unlabelledPixels: Int = 0
        ) {
            self.name = name
            self.source = source
            self.isOpen = isOpen
            self.records = records
            self.pictures = pictures
            self.sizes = sizes
            self.classes = classes
            self.unlabelledPixels = unlabelledPixels
        }
    }

    /// How often a class occurs.
    public struct ClassCount: Sendable, Equatable {
        /// Pictures, boxes or pixels, by the task.
        public private(set) var items = 0
        /// Pictures that show the class.
        public private(set) var pictures = 0

        /// A count, of nothing unless told otherwise.
        public init(items: Int = 0, pictures: Int = 0) { (self.items, self.pictures) = (items, pictures) }

        mutating func add(_ count: Int) {
            items += count
            pictures += 1
        }
    }

    /// How large pictures are.
    public struct Sizes: Sendable, Equatable {
        /// The smallest width and the smallest height, in pixels, not necessarily of one picture.
        public private(set) var smallest: PixelSize
        /// The largest width and the largest height, in pixels, not necessarily of one picture.
        public private(set) var largest: PixelSize

        /// Sizes between two.
        public init(smallest: PixelSize, largest: PixelSize) { (self.smallest, self.largest) = (smallest, largest) }

        init(_ size: PixelSize) { self.init(smallest: size, largest: size) }

        func including(_ size: PixelSize) -> Sizes {
            var sizes = self
            sizes.smallest = PixelSize(width: min(smallest.width, size.width), height: min(smallest.height, size.height))
            sizes.largest = PixelSize(width: max(largest.width, size.width), height: max(largest.height, size.height))
            return sizes
        }
    }

    /// What the annotations are for; nil where nothing could be opened.
    public let task: VisionTask?
    /// Name of each class, its number where nobody named it.
    public let classNames: [String]
    /// Training, then validation where it was asked for.
    public let channels: [Channel]
    /// The faults in the order of halves, records and kinds; of one kind at most ``DataCheck/Settings/keptFaults``.
    public let faults: [DataFault]
    /// How many faults there are of each kind, those that were not kept included.
    public let counts: [DataFault.Kind: Int]

    /// Puts a report together.
    public init(
        task: VisionTask?, classNames: [String], channels: [Channel], faults: [DataFault], counts: [DataFault.Kind: Int]
    ) {
        self.task = task
        self.classNames = classNames
        self.channels = channels
        self.faults = faults
        self.counts = counts
    }

    /// How many faults there are of one severity.
    public func count(_ severity: DataFault.Severity) -> Int {
        counts.reduce(0) { $0 + ($1.key.severity == severity ? $1.value : 0) }
    }

    /// Records of all halves.
    public var records: Int { channels.reduce(0) { $0 + $1.records } }
}
