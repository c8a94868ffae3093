using System.Text.Json.Serialization;

namespace AotTestApp;

/// <summary>What a worker says when it listens: where.</summary>
internal sealed record Greeting(string Text);

[JsonSerializable(typeof(Greeting))]
internal sealed partial class AotJson : JsonSerializerContext;
