// Plays an exported drummer with Core ML and prints what it plays.
//
//     paradiddle export coreml drummer.safetensors -o .
//     swiftc -O main.swift -o drums        # macOS 13 or later
//     ./drums drummer.mlpackage 64
//
// The package takes events and the network's memory (h and c) and gives back the probabilities of
// what comes next, and the memory. All that is left to an app is to draw, and to keep h and c.
//
// This file was reviewed by reading, not compiled: it was written where there is no Swift.

import CoreML
import Foundation

/// What the package's metadata says about the indices.
struct Tables: Decodable {
    let notes: [Int]
    let ticks: [Int]
    let velocities: [Double]
    let places: Int
    let ticks_per_bar: Int
    let qpm: Double?
    let bidirectional: Bool
}

/// A drummer with its memory.
final class Drummer {
    let tables: Tables
    private let model: MLModel
    private var h: MLMultiArray
    private var c: MLMultiArray
    private var event: [Int]
    private var elapsed = 0

    init(_ loaded: MLModel) throws {
        let about = loaded.modelDescription
        let metadata = about.metadata[.creatorDefinedKey] as? [String: String]
        guard let json = metadata?["paradiddle"] else {
            throw Failure(text: "the model is no drummer that paradiddle exported")
        }
        let told = try JSONDecoder().decode(Tables.self, from: Data(json.utf8))
        if told.bidirectional {
            throw Failure(text: "the model also reads backwards: it cannot play event by event")
        }
        // the memory is uniform in ±0.1, the first event is random and heard by the network alone
        h = try Drummer.random(like: about.inputDescriptionsByName["h_in"])
        c = try Drummer.random(like: about.inputDescriptionsByName["c_in"])
        var first = [Int.random(in: told.notes.indices), Int.random(in: told.ticks.indices)]
        if !told.velocities.isEmpty {
            first.append(Int.random(in: told.velocities.indices))
        }
        model = loaded
        tables = told
        event = first
    }

    /// Draws the next event: indices of its note, its ticks and, where there are any, its velocity.
    func next() throws -> [Int] {
        var read = event
        if tables.places > 0 {
            read.append(elapsed % tables.ticks_per_bar * tables.places / tables.ticks_per_bar)
        }
        let events = try MLMultiArray(shape: [1, 1, NSNumber(value: read.count)], dataType: .int32)
        for (column, index) in read.enumerated() {
            events[column] = NSNumber(value: index)
        }
        let inputs = try MLDictionaryFeatureProvider(dictionary: [
            "events": events, "h_in": h, "c_in": c,
        ])
        let outputs = try model.prediction(from: inputs)
        h = try Drummer.array("h_out", of: outputs)
        c = try Drummer.array("c_out", of: outputs)
        let fields = tables.velocities.isEmpty ? ["note", "ticks"] : ["note", "ticks", "velocity"]
        event = try fields.map { Drummer.draw(from: try Drummer.array($0, of: outputs)) }
        elapsed += tables.ticks[event[1]]
        return event
    }

    /// Index at which the rising sum of probabilities passes a random number.
    private static func draw(from probabilities: MLMultiArray) -> Int {
        let values = (0..<probabilities.count).map { probabilities[$0].doubleValue }
        let bound = Double.random(in: 0..<1) * values.reduce(0, +)
        var sum = 0.0
        for (index, value) in values.enumerated() {
            sum += value
            if sum > bound { return index }
        }
        return values.count - 1
    }

    private static func array(_ name: String, of outputs: MLFeatureProvider) throws -> MLMultiArray {
        guard let found = outputs.featureValue(for: name)?.multiArrayValue else {
            throw Failure(text: "the model gives no \(name)")
        }
        return found
    }

    private static func random(like description: MLFeatureDescription?) throws -> MLMultiArray {
        guard let shape = description?.multiArrayConstraint?.shape else {
            throw Failure(text: "the model is no drummer that paradiddle exported")
        }
        let array = try MLMultiArray(shape: shape, dataType: .float32)
        for place in 0..<array.count {
            array[place] = NSNumber(value: Float.random(in: -0.1...0.1))
        }
        return array
    }
}

struct Failure: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}

guard CommandLine.arguments.count >= 2 else {
    print("usage: drums drummer.mlpackage [notes]")
    exit(2)
}
do {
    let package = URL(fileURLWithPath: CommandLine.arguments[1])
    let compiled = try await MLModel.compileModel(at: package)  // in a temporary folder
    defer { try? FileManager.default.removeItem(at: compiled) }
    let drummer = try Drummer(MLModel(contentsOf: compiled))
    let count = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 64 : 64
    let tables = drummer.tables
    var onset = 0
    for _ in 0..<count {
        let event = try drummer.next()
        onset += tables.ticks[event[1]]
        let velocity = event.count > 2 ? tables.velocities[event[2]] : 0.8
        let midi = Int((127 * velocity).rounded())
        print("tick \(onset)  note \(tables.notes[event[0]])  velocity \(midi)")
    }
} catch {
    FileHandle.standardError.write(Data("error: \(error)\n".utf8))
    exit(1)
}
