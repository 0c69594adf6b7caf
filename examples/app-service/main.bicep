// az deployment group create --resource-group GROUP --template-file main.bicep --parameters name=shop plan=PLAN_ID
param name string
@description('Resource ID of a Linux plan.')
param plan string
param location string = resourceGroup().location
param image string = 'registry.example.com/shop:1.0.0'
// manifest.yaml must be in it: see README.md.
param sidecarImage string = 'registry.example.com/akv-sync-shop:1.0.0'

resource site 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  kind: 'app,linux'
  identity: { type: 'SystemAssigned' }
  properties: {
    serverFarmId: plan
    httpsOnly: true
    siteConfig: { linuxFxVersion: 'sitecontainers', alwaysOn: true }
  }
}

resource main 'Microsoft.Web/sites/sitecontainers@2024-11-01' = {
  parent: site
  name: 'shop'
  properties: {
    image: image
    isMain: true
    targetPort: '8080'
    authType: 'Anonymous'
    volumeMounts: [{ volumeSubPath: '/akv', containerMountPath: '/mnt/akv', readOnly: true }]
  }
}

resource sidecar 'Microsoft.Web/sites/sitecontainers@2024-11-01' = {
  parent: site
  name: 'akv-sync'
  properties: {
    image: sidecarImage
    isMain: false
    startUpCommand: '/akv-sync run'
    authType: 'Anonymous'
    volumeMounts: [{ volumeSubPath: '/akv', containerMountPath: '/mnt/akv', readOnly: false }]
  }
}

output principalId string = site.identity.principalId
