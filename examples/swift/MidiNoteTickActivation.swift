// The last layer of drummer.mlmodel, which `paradiddle export coreml --legacy` writes.
//
// It turns the network's values into probabilities: one softmax over the notes, one over the
// ticks and, for a drummer that plays dynamics, one over the velocities. Add this file to the app
// that loads the model; Core ML finds the class by its Objective-C name.
//
// This file was reviewed by reading, not compiled: it was written where there is no Swift.

import CoreML
import Foundation

@objc(MidiNoteTickActivation)
final class MidiNoteTickActivation: NSObject, MLCustomLayer {
    /// Number of values of each field, side by side in the last axis.
    private let sizes: [Int]

    required init(parameters: [String: Any]) throws {
        sizes = ["notes", "ticks", "velocities"].compactMap { name in
            (parameters[name] as? NSNumber)?.intValue
        }
        super.init()
        if sizes.isEmpty {
            throw NSError(
                domain: "MidiNoteTickActivation", code: 1,
                userInfo: [NSLocalizedDescriptionKey: "the layer has no parameters notes and ticks"])
        }
    }

    func setWeightData(_ weights: [Data]) throws {}  // it has none

    func outputShapes(forInputShapes inputShapes: [[NSNumber]]) throws -> [[NSNumber]] {
        inputShapes
    }

    func evaluate(inputs: [MLMultiArray], outputs: [MLMultiArray]) throws {
        let (input, output) = (inputs[0], outputs[0])
        // Core ML may pad the shape with axes of size 1: the fields are where their sum fits.
        let width = sizes.reduce(0, +)
        guard let axis = input.shape.lastIndex(where: { $0.intValue == width }) else {
            throw NSError(
                domain: "MidiNoteTickActivation", code: 2,
                userInfo: [NSLocalizedDescriptionKey: "\(input.shape) has no axis of \(width)"])
        }
        var index = [NSNumber](repeating: 0, count: input.shape.count)
        for row in 0..<(input.count / width) {
            var rest = row
            for other in index.indices.reversed() where other != axis {
                let size = input.shape[other].intValue
                index[other] = NSNumber(value: rest % size)
                rest /= size
            }
            var start = 0
            for size in sizes {
                softmax(from: input, to: output, at: &index, axis: axis, start..<(start + size))
                start += size
            }
        }
    }

    private func softmax(
        from input: MLMultiArray, to output: MLMultiArray,
        at index: inout [NSNumber], axis: Int, _ span: Range<Int>
    ) {
        var values: [Float] = []
        for place in span {
            index[axis] = NSNumber(value: place)
            values.append(input[index].floatValue)
        }
        let largest = values.max() ?? 0
        let powers = values.map { exp($0 - largest) }
        let total = powers.reduce(0, +)
        for (place, power) in zip(span, powers) {
            index[axis] = NSNumber(value: place)
            output[index] = NSNumber(value: power / total)
        }
    }
}
